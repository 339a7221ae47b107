import Rollout

/// How actions are drawn from what a policy says, on both sides: traced for the learner, by numbers in a worker.
public protocol ActionDistribution: Sendable {
  /// How many scores a network has to give for each row.
  var scoreCount: Int { get }

  /// What the fragment records as `logits`, of a network's scores [rows, B, scoreCount].
  func logits(from scores: Tensor) -> Tensor

  /// log π of the actions taken, [rows, B].
  func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor

  /// The entropy at each row, [rows, B].
  func entropy(of logits: Tensor) -> Tensor

  /// Draws an action for each environment and writes it into row `row` of the fragment's `act`.
  ///
  /// - Parameters:
  ///   - logits: as recorded, [B, …].
  ///   - choice: at random, or the likeliest.
  ///   - streams: one for each environment; only drawn from when choosing at random.
  func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into fragment: FragmentView, row: Int)
}

/// Whether actions are drawn or the likeliest one is taken.
public enum ActionChoice: String, Sendable {
  /// Drawn from the distribution.
  case sample
  /// The likeliest.
  case greedy
}

/// What a policy said at one row, [B, width]; valid during the call that it was handed to.
public struct LogitsView {
  /// B.
  public let environmentCount: Int
  /// Numbers for each environment.
  public let width: Int
  let base: UnsafePointer<Float>

  /// One number.
  @inline(__always)
  public subscript(environment: Int, index: Int) -> Float { base[environment &* width &+ index] }
}

/// One random stream for each environment, drawn from in place.
public final class RandomStreamBuffer {
  let streams: UnsafeMutableBufferPointer<PCG64>

  /// Takes over a stream for each environment.
  public init(_ streams: [PCG64]) { self.streams = .copy(of: streams) }

  deinit { streams.deallocate() }
}

/// The distribution that fits an action space.
public enum ActionDistributions {
  /// Finds the distribution for a space.
  ///
  /// - Throws: `PolicyError` for a space that has none.
  public static func fitting(_ space: Space) throws(PolicyError) -> any ActionDistribution {
    switch space {
    case .discrete(let count): return Categorical(count: count)
    default:
      throw PolicyError("there is no action distribution for \(space): use a Discrete space")
    }
  }
}
