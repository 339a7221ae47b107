import Glibc
import Rollout

/// The finite range of each element of an action, and the part of drawing that depends on it.
///
/// Policies compute in units of half a range, from −1 to 1; actions are recorded in the range:
///
///     a = (low + high) / 2 + (high − low) / 2 · x
package struct ActionRange: Sendable, Equatable {
  /// The lower bound of each element.
  package let low: [Double]
  /// The upper bound of each element.
  package let high: [Double]

  /// The name of the buffer that makes actions uniform while it is above 0, [1].
  package static let warmUpName = "warm_up"

  /// Creates the range between bounds.
  ///
  /// - Precondition: there is an element, and all bounds are finite and in order.
  package init(low: [Double], high: [Double]) {
    precondition(
      !low.isEmpty && low.count == high.count
        && zip(low, high).allSatisfy { $0.isFinite && $1.isFinite && $0 < $1 },
      "an action between \(low) and \(high)")
    self.low = low
    self.high = high
  }

  /// Creates the range from −1 to 1 of `count` elements, which `ActionBounds.scale` scales.
  package init(count: Int) {
    self.init(
      low: Array(repeating: -1, count: count), high: Array(repeating: 1, count: count))
  }

  /// The number of elements of an action.
  package var count: Int { low.count }

  /// Half the distance between the bounds of an element.
  func halfWidth(_ element: Int) -> Double { (high[element] - low[element]) / 2 }

  /// The middle between the bounds of an element.
  func center(_ element: Int) -> Double { (high[element] + low[element]) / 2 }

  /// Σ log of half the widths, the log-density that scaling takes away.
  var logScale: Double { (0..<count).reduce(0) { $0 + log(halfWidth($1)) } }

  /// Returns the actions of numbers from −1 to 1, both [..., count].
  package func scaled(_ units: Tensor) -> Tensor {
    columnwise(units) { (halfWidth($0), center($0)) }
  }

  /// Returns the numbers from −1 to 1 of actions, both [..., count].
  package func unscaled(_ actions: Tensor) -> Tensor {
    columnwise(actions) { (1 / halfWidth($0), -center($0) / halfWidth($0)) }
  }

  /// Returns scale · x + shift with numbers of each column, which are mostly the same for all.
  private func columnwise(
    _ x: Tensor, _ line: (_ element: Int) -> (scale: Double, shift: Double)
  ) -> Tensor {
    let lines = (0..<count).map(line)
    if lines.allSatisfy({ $0 == (1, 0) }) { return x.numeric }
    if lines.allSatisfy({ $0 == lines[0] }) { return lines[0].scale * x + lines[0].shift }
    return x.graph.concatenate(
      lines.enumerated().map { element, line in
        line.scale * x.columns(element..<element + 1) + line.shift
      })
  }

  /// Returns the warm-up buffer as a column of logits, [leading…, 1].
  func warmUp(in graph: Graph, _ leading: [Int]) -> Tensor {
    graph.buffer(Self.warmUpName, [1]).repeated(over: leading)
  }

  /// Writes an action for each environment: uniform during the warm-up, otherwise as given.
  ///
  /// - Parameters:
  ///   - logits: the recorded logits, with the warm-up in the last column.
  ///   - choice: the rule; the most likely action is never uniform.
  ///   - streams: one for each environment.
  ///   - actions: the destination.
  ///   - unit: returns an element in units of half its range.
  func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow, unit: (_ environment: Int, _ element: Int) -> Double
  ) {
    // Rounded to Float also in a space of Doubles, since the learner reads actions as Float.
    let isDouble = actions.byteCount == count &* MemoryLayout<Double>.stride
    for environment in 0..<logits.environmentCount {
      let isUniform = choice == .sample && logits[environment, logits.width - 1] > 0
      for element in 0..<count {
        let unit =
          isUniform ? streams[environment].uniform(-1, 1) : unit(environment, element)
        let exact = center(element) + halfWidth(element) * unit
        let value = min(max(Float(exact), Float(low[element])), Float(high[element]))
        if isDouble {
          actions.store(Double(value), environment: environment, index: element)
        } else {
          actions.store(value, environment: environment, index: element)
        }
      }
    }
  }
}
