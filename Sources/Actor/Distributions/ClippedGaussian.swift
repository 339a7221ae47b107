import Glibc
import Rollout

/// A deterministic action with normal noise for exploration, clipped to a bounded range.
///
/// The action is tanh of the scores, scaled. Noise has one standard deviation for all elements, in
/// units of half their ranges: the buffer ``deviationName``, which is 0.1 unless a schedule sets
/// it.
///
/// The fragment records tanh of the scores, the deviation and the buffer
/// ``ActionRange/warmUpName``. While the latter is above 0, drawn actions are uniform over the
/// range.
///
/// Source: Fujimoto et al. (2018), "Addressing function approximation error in actor-critic
/// methods", section 6.1.
package struct ClippedGaussian: ActionDistribution {
  /// The range of the actions.
  package let range: ActionRange

  /// The name of the buffer with the standard deviation of the noise, [1].
  package static let deviationName = "exploration_noise"

  /// Creates a distribution over the actions of a range.
  package init(_ range: ActionRange) { self.range = range }

  private var count: Int { range.count }

  /// One score for each element.
  package var scoreCount: Int { count }

  /// An action for each element, the deviation and the warm-up.
  package var logitCount: Int { count + 2 }

  /// Returns tanh of each row's scores, the deviation and the warm-up.
  package func logits(from scores: Tensor) -> Tensor {
    let leading = Array(scores.shape.dropLast())
    let deviation = scores.graph.buffer(Self.deviationName, [1], initially: 0.1)
    return scores.graph.concatenate([
      scores.tanh(), deviation.repeated(over: leading), range.warmUp(in: scores.graph, leading),
    ])
  }

  /// Returns the actions without noise in units of half their ranges, [rows, B, count].
  package func units(of logits: Tensor) -> Tensor { logits.columns(0..<count) }

  /// Returns the log-density of the actions by the noise before it is clipped, [rows, B].
  ///
  /// The deviation has to be above 0.
  package func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor {
    guard let action = action.value?.numeric else {
      preconditionFailure("the action of a Box is a leaf")
    }
    let unit = units(of: logits)
    let deviation = deviation(of: logits)
    let z = (range.unscaled(action.reshaped(unit.shape)) - unit) / deviation
    return -(0.5 * z.squared()).sumOverLastAxis() - Double(count) * log(deviation)
      - (Double(count) / 2 * log(2 * Double.pi) + range.logScale)
  }

  /// Returns the differential entropy of the noise before it is clipped, [rows, B].
  ///
  /// The deviation has to be above 0.
  package func entropy(of logits: Tensor) -> Tensor {
    Double(count) * log(deviation(of: logits))
      + (Double(count) / 2 * (1 + log(2 * Double.pi)) + range.logScale)
  }

  /// Returns the action without noise.
  package func mode(of logits: Tensor) -> [Tensor]? { [range.scaled(units(of: logits))] }

  private func deviation(of logits: Tensor) -> Tensor {
    logits.columns(count..<count + 1).reshaped(Array(logits.shape.dropLast()))
  }

  /// Adds noise from the environment's stream to each element and clips it; the mode has no noise.
  package func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow
  ) {
    range.act(on: logits, choice: choice, streams: streams, into: actions) { environment, element in
      let unit = Double(logits[environment, element])
      guard choice == .sample else { return unit }
      return unit + Double(logits[environment, count]) * streams[environment].standardNormal()
    }
  }
}
