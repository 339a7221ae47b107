import Rollout

/// A step of an optimizer that is undone if it would corrupt the weights.
///
/// The weights are divided into parts that fit into a processor's cache. For each part the earlier
/// weights are kept, the weights are moved, and the move is measured. Threads share the parts of
/// large networks; the results do not depend on them.
final class GuardedStep: ChunkedWork {
  /// The largest magnitude of a weight; beyond it nothing can be learned in Float.
  static let largestWeight: Float = 1e6
  /// The largest move of a weight in one step; beyond it training has diverged.
  ///
  /// `docs/optimization.md` gives the largest moves of sound runs.
  static let largestMove: Float = 1e3
  /// The largest number of weights in a part.
  private static let partSize = 8192
  /// The number of parts from which threads share a step; fewer take less time than waking one.
  private static let sharedPartCount = 4

  private let weights: FlatVector<Float>
  private let gradients: FlatVector<Float>
  private let threads: ThreadPool?
  /// True if threads share the step.
  var usesThreads: Bool { threads != nil }
  private let optimizer: any Optimizer<Float>
  /// The optimizer, if it can move parts of the weights.
  private let elementwise: (any ElementwiseOptimizer<Float>)?
  private let parts: [ParameterGroup]
  /// The weights before the step, of those that the optimizer moves.
  private let earlierWeights: FlatVector<Float>
  /// The largest magnitude of a weight in each part, and the largest move.
  private let magnitudes: FlatVector<Float>
  private let moves: FlatVector<Float>

  /// Creates the step of an optimizer.
  ///
  /// - Parameters:
  ///   - optimizer: the optimizer.
  ///   - weights: the weights, which are moved in place.
  ///   - gradients: the gradients, which are read at each step.
  ///   - threads: the threads that share the step; nil for the caller's alone.
  init(
    of optimizer: any Optimizer<Float>, weights: FlatVector<Float>, gradients: FlatVector<Float>,
    threads: ThreadPool?
  ) {
    self.optimizer = optimizer
    elementwise = optimizer as? any ElementwiseOptimizer<Float>
    self.weights = weights
    self.gradients = gradients
    parts = optimizer.groups.flatMap { group in
      stride(from: group.range.lowerBound, to: group.range.upperBound, by: Self.partSize).map {
        let end = min($0 + Self.partSize, group.range.upperBound)
        return ParameterGroup($0..<end, rateFactor: group.rateFactor)
      }
    }
    self.threads = parts.count < Self.sharedPartCount ? nil : threads
    earlierWeights = FlatVector(repeating: 0, count: weights.count)
    magnitudes = FlatVector(repeating: 0, count: parts.count)
    moves = FlatVector(repeating: 0, count: parts.count)
  }

  /// Moves the weights against the gradients.
  ///
  /// - Returns: the fault of the step, after which the weights have their earlier bits; nil if the
  ///   step is sound.
  func take() -> WeightFault? {
    if let elementwise {
      elementwise.stepCount += 1
    } else {
      for part in parts { earlierWeights.copy(weights, part.range) }
      optimizer.step(weights, gradients)
    }
    run(parts.count, on: threads)
    guard let fault else { return nil }
    for part in parts { weights.copy(earlierWeights, part.range) }
    return fault
  }

  /// Moves and measures the weights of one part.
  func run(chunk: Int) {
    let part = parts[chunk]
    if let elementwise {
      earlierWeights.copy(weights, part.range)
      elementwise.move(weights, gradients, part)
    }
    magnitudes[chunk] = weights.largestMagnitude(in: part.range)
    moves[chunk] = weights.largestDistance(from: earlierWeights, in: part.range)
  }

  /// The fault of the step that was taken; nil if it is sound.
  private var fault: WeightFault? {
    // Not finite numbers are the largest.
    let magnitude = magnitudes.largestMagnitude(in: 0..<parts.count)
    guard magnitude <= Self.largestWeight else { return .size(magnitude) }
    let move = moves.largestMagnitude(in: 0..<parts.count)
    return move <= Self.largestMove ? nil : .move(move)
  }
}

/// A change of a weight that shows that training diverged.
public enum WeightFault: Sendable, Equatable {
  /// The weight's magnitude after the step: too large to learn with, or NaN.
  case size(Float)
  /// The distance that the weight moved in one step.
  case move(Float)
}
