/// Eight environments of one kind with their numbers side by side in vectors.
///
/// Every operation is the single environment's, in the same order, so results are equal bit for
/// bit. A `GroupedBatch` steps the groups.
protocol EnvironmentGroup: SendableMetatype {
  /// The single environment, with a Discrete action space and float32 observations.
  associatedtype Member: Environment, Drawable

  /// True if a group gives exactly the results of single environments on this machine.
  static var isExact: Bool { get }

  /// Creates eight environments before the start of an episode.
  init()

  /// The environment in one lane.
  subscript(lane: Int) -> Member { get set }

  /// Starts an episode in one environment.
  mutating func reset(_ lane: Int, using random: inout PCG64)

  /// Plays one action in each environment.
  ///
  /// - Precondition: all actions are in the space.
  mutating func step(_ actions: SIMD8<Int32>, _ trigonometry: VectorTrigonometry) -> GroupOutcome

  /// Stores all observations, one environment after the other.
  func storeObservations(_ observations: UnsafeMutablePointer<Float>)
}

/// The results of a step of eight environments.
struct GroupOutcome {
  var rewards: SIMD8<Float>
  /// 1 if the task ended the episode, otherwise 0.
  var terminated: SIMD8<Int32>
}

extension SIMDMask where Storage == SIMD8<Int64> {
  /// 1 for lanes that are set, otherwise 0.
  @inline(__always)
  var flags: SIMD8<Int32> {
    SIMD8<Int32>(truncatingIfNeeded: SIMD8<Int64>.zero.replacing(with: 1, where: self))
  }
}
