/// Eight environments of one kind with their numbers side by side in vectors.
///
/// Every operation is the single environment's, in the same order, so results are equal bit for
/// bit. A `GroupedBatch` steps the groups.
protocol EnvironmentGroup: SendableMetatype {
  /// The single environment, with one action of four bytes and float32 observations.
  associatedtype Member: Environment, Drawable
  /// Eight actions: SIMD8 of Int32 for a Discrete space, of Float for a Box of one number.
  associatedtype Actions: SIMD, BitwiseCopyable

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
  /// - Precondition: discrete actions are in the space.
  mutating func step(_ actions: Actions, _ trigonometry: VectorTrigonometry) -> GroupOutcome

  /// Stores all observations, one environment after the other.
  func storeObservations(_ observations: UnsafeMutablePointer<Float>)
}

/// The results of a step of eight environments.
struct GroupOutcome {
  var rewards: SIMD8<Float>
  /// 1 if the task ended the episode, otherwise 0.
  var terminated: SIMD8<Int32>
}

extension SIMD8<Int32> {
  /// True if all numbers are 0, 1 or 2.
  ///
  /// The number 3 has both of its lowest bits set; any other one has a higher bit set.
  @inline(__always)
  var areBelow3: Bool { ((self & ~3) | (self & (self &>> 1))) == .zero }
}

/// Returns the numbers without their signs.
@inline(__always)
func magnitude(_ x: SIMD8<Double>) -> SIMD8<Double> {
  unsafeBitCast(unsafeBitCast(x, to: SIMD8<UInt64>.self) & ~(1 << 63), to: SIMD8<Double>.self)
}

extension SIMDMask where Storage == SIMD8<Int64> {
  /// One byte per lane, lane 0 lowest: 255 if it is set, otherwise 0.
  @inline(__always)
  var bytes: UInt64 {
    unsafeBitCast(
      SIMD8<Int8>(truncatingIfNeeded: unsafeBitCast(self, to: SIMD8<Int64>.self)), to: UInt64.self)
  }

  /// 1 for lanes that are set, otherwise 0.
  @inline(__always)
  var flags: SIMD8<Int32> {
    SIMD8<Int32>(truncatingIfNeeded: SIMD8<Int64>.zero.replacing(with: 1, where: self))
  }
}

// The standard library replaces lane by lane, in a loop. Many loops keep the compiler from inlining
// a step, and from using whole vectors.
extension SIMD8<Double> {
  /// Returns the numbers, and those of another vector where a mask is set.
  @inline(__always)
  func replacing(with other: Self, where mask: SIMDMask<SIMD8<Int64>>) -> Self {
    let chosen = unsafeBitCast(mask, to: SIMD8<UInt64>.self)
    let (own, others) = (
      unsafeBitCast(self, to: SIMD8<UInt64>.self), unsafeBitCast(other, to: SIMD8<UInt64>.self)
    )
    return unsafeBitCast(own ^ ((own ^ others) & chosen), to: Self.self)
  }

  /// Returns the numbers, and another one where a mask is set.
  @inline(__always)
  func replacing(with other: Double, where mask: SIMDMask<SIMD8<Int64>>) -> Self {
    replacing(with: Self(repeating: other), where: mask)
  }
}
