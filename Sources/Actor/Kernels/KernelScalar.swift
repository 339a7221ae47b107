// How kernels see numbers. Ranked goals: (1) one generic body per kernel, which the optimiser turns
// into vector instructions for Float and for Double; (2) a value never depends on where in an array it
// stood, so that a worker's 8 rows and a learner's 400 agree to the last bit; (3) speed.

/// A vector of the machine's numbers, with the operations that must not be found lane by lane.
///
/// The standard library's generic comparisons of vectors are loops that the optimiser does not undo; as
/// requirements of a protocol they reach the concrete vector's own, which are single instructions.
public protocol KernelVector: SIMD, BitwiseCopyable, Sendable where Scalar: BinaryFloatingPoint {
  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self
  static func .< (a: Self, b: Self) -> SIMDMask<MaskStorage>
  static func .<= (a: Self, b: Self) -> SIMDMask<MaskStorage>
  static func .> (a: Self, b: Self) -> SIMDMask<MaskStorage>
  static func .>= (a: Self, b: Self) -> SIMDMask<MaskStorage>
  static func .== (a: Self, b: Self) -> SIMDMask<MaskStorage>
  static func .!= (a: Self, b: Self) -> SIMDMask<MaskStorage>
}

extension SIMD16<Float>: KernelVector {}
extension SIMD8<Double>: KernelVector {}

/// A number that kernels compute with: Float in the engine, Double where gradients are checked.
///
/// A vector is 64 bytes: 16 Floats or 8 Doubles.
public protocol KernelScalar: BinaryFloatingPoint, SIMDScalar, Codable, Sendable, BitwiseCopyable {
  /// 64 bytes of these numbers.
  associatedtype Vector: KernelVector where Vector.Scalar == Self

  /// a·b + c, rounded once where the machine has the instruction, twice otherwise.
  static func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector

  /// e to the power of each lane, to 1 ulp; overflow gives +∞, subnormal results are exact ones.
  static func exp(_ x: Vector) -> Vector

  /// e to the power of each lane, minus one, to 4 ulp even where it is small; −0 becomes 0.
  static func expMinusOne(_ x: Vector) -> Vector

  /// The natural logarithm of each lane, to 1 ulp: −∞ at zero, NaN below, subnormal lanes included.
  static func log(_ x: Vector) -> Vector

  /// The hyperbolic tangent of each lane, to 2 ulp.
  static func tanh(_ x: Vector) -> Vector

  /// Each lane without its sign.
  static func magnitude(_ x: Vector) -> Vector

  /// The sums of neighbours: those of `a` in the low half, those of `b` in the high half.
  static func pairSums(_ a: Vector, _ b: Vector) -> Vector

  /// Splits 2·lanes numbers into those at even and those at odd places.
  static func deinterleave(_ a: Vector, _ b: Vector) -> (even: Vector, odd: Vector)

  /// Joins what `deinterleave` split.
  static func interleave(even: Vector, odd: Vector) -> (Vector, Vector)

  /// The first `count` < lanes numbers, the other lanes zero; nothing beyond them is read.
  static func loadFirst(_ count: Int, _ pointer: UnsafePointer<Self>) -> Vector

  /// Stores the first `count` < lanes lanes; nothing beyond them is written.
  static func storeFirst(_ count: Int, _ pointer: UnsafeMutablePointer<Self>, _ vector: Vector)
}

extension KernelScalar {
  /// How many numbers a vector has.
  @inline(__always)
  static var lanes: Int { Vector.scalarCount }

  /// One vector from any element's address.
  @inline(__always)
  static func load(_ pointer: UnsafePointer<Self>) -> Vector {
    UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self)
  }

  /// One vector to any element's address.
  @inline(__always)
  static func store(_ pointer: UnsafeMutablePointer<Self>, _ vector: Vector) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: vector, as: Vector.self)
  }

  /// The smaller of each two lanes; NaN if either is, as in PyTorch.
  @inline(__always)
  static func minimum(_ a: Vector, _ b: Vector) -> Vector {
    a.replacing(with: b, where: (b .< a) .| (b .!= b))
  }

  /// The larger of each two lanes; NaN if either is, as in PyTorch.
  @inline(__always)
  static func maximum(_ a: Vector, _ b: Vector) -> Vector {
    a.replacing(with: b, where: (b .> a) .| (b .!= b))
  }

  /// The sum of all lanes, always in the same order: neighbours first.
  @inline(__always)
  static func laneSum(_ vector: Vector) -> Self {
    var sums = vector
    var width = lanes
    while width > 1 {
      sums = pairSums(sums, sums)
      width /= 2
    }
    return sums[0]
  }

  /// The sums of the first `lanes` vectors, one in each lane, in the order of `laneSum`.
  @inline(__always)
  static func totals(_ vectors: InlineArray<16, Vector>) -> Vector {
    // Each level has a loop of its own: a constant bound is what lets the vectors be registers.
    var sums = vectors
    if lanes == 16 {
      for j in 0..<8 { sums[j] = pairSums(sums[2 &* j], sums[2 &* j &+ 1]) }
    }
    for j in 0..<4 { sums[j] = pairSums(sums[2 &* j], sums[2 &* j &+ 1]) }
    for j in 0..<2 { sums[j] = pairSums(sums[2 &* j], sums[2 &* j &+ 1]) }
    return pairSums(sums[0], sums[1])
  }

  /// The largest lane; NaN if one is.
  @inline(__always)
  static func laneMaximum(_ vector: Vector) -> Self {
    var largest = vector
    var width = lanes
    while width > 1 {
      let halves = deinterleave(largest, largest)
      largest = maximum(halves.even, halves.odd)
      width /= 2
    }
    return largest[0]
  }
}

/// The numeric kernels: loops over memory that others own.
///
/// Every kernel takes its outputs first, its inputs next, its sizes last; matrices are row-major. No
/// kernel allocates, and an address need only be aligned as its elements are.
enum Kernels {}
