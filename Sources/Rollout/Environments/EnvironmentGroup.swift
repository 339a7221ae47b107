/// Eight environments of one kind, whose numbers lie side by side in vectors.
///
/// Every operation is the single environment's, in its order, so that every bit is too. A `GroupedBatch` plays them.
protocol EnvironmentGroup: SendableMetatype {
  /// The single environment: its actions are choices of one Discrete space, its observations float32 numbers.
  associatedtype Member: Environment, Drawable

  /// Whether eight at a time are exactly what one at a time is, on this machine.
  static var isExact: Bool { get }

  /// Makes eight environments that are at no episode's beginning.
  init()

  /// One of the environments.
  subscript(lane: Int) -> Member { get set }

  /// Begins an episode in one environment.
  mutating func reset(_ lane: Int, using random: inout PCG64)

  /// Plays an action in each environment.
  ///
  /// - Precondition: the space has all of the actions.
  mutating func step(_ actions: SIMD8<Int32>, _ trigonometry: VectorTrigonometry) -> GroupOutcome

  /// Writes all observations, one environment's numbers behind the other's.
  func storeObservations(_ observations: UnsafeMutablePointer<Float>)
}

/// What a step told of eight environments.
struct GroupOutcome {
  var rewards: SIMD8<Float>
  /// 1 where the task ended the episode, 0 elsewhere.
  var terminated: SIMD8<Int32>
}

extension SIMDMask where Storage == SIMD8<Int64> {
  /// 1 where it is set, 0 elsewhere.
  @inline(__always)
  var flags: SIMD8<Int32> {
    SIMD8<Int32>(truncatingIfNeeded: SIMD8<Int64>.zero.replacing(with: 1, where: self))
  }
}
