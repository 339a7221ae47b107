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

  /// The sums of all lanes that are a multiple of four apart.
  static func fourSums(_ x: Vector) -> SIMD4<Self>

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
    // In two steps: joining two masks takes vectors apart.
    a.replacing(with: b, where: b .< a).replacing(with: b, where: b .!= b)
  }

  /// The larger of each two lanes; NaN if either is, as in PyTorch.
  @inline(__always)
  static func maximum(_ a: Vector, _ b: Vector) -> Vector {
    a.replacing(with: b, where: b .> a).replacing(with: b, where: b .!= b)
  }

  /// The sum of all lanes, always in the same order.
  @inline(__always)
  static func laneSum(_ vector: Vector) -> Self {
    let four = laneSums(vector)
    return (four[0] + four[2]) + (four[1] + four[3])
  }

  /// `fourSums`, for the end of a loop that sums up vectors.
  @inline(__always)
  static func laneSums(_ vector: Vector) -> SIMD4<Self> {
    withUnsafePointer(to: vector) { at in
      fourSums(at: UnsafeRawPointer(at).assumingMemoryBound(to: Self.self))
    }
  }

  // A call, with the vector in memory: where the optimiser sees a vector taken apart behind a loop, it
  // takes it apart inside the loop too, at a quarter of the speed.
  @inline(never)
  private static func fourSums(at pointer: UnsafePointer<Self>) -> SIMD4<Self> {
    fourSums(load(pointer))
  }

  /// The largest lane; NaN if one is.
  @inline(__always)
  static func laneMaximum(_ vector: Vector) -> Self {
    withUnsafePointer(to: vector) { at in
      largest(at: UnsafeRawPointer(at).assumingMemoryBound(to: Self.self))
    }
  }

  // A call for the same reason.
  @inline(never)
  private static func largest(at pointer: UnsafePointer<Self>) -> Self {
    var largest = pointer[0]
    // Nothing is larger than NaN, so that it stays once it is met.
    for lane in 1..<lanes where pointer[lane] > largest || pointer[lane].isNaN {
      largest = pointer[lane]
    }
    return largest
  }
}

/// The numeric kernels: loops over memory that others own.
///
/// Every kernel takes its outputs first, its inputs next, its sizes last; matrices are row-major. No
/// kernel allocates, and an address need only be aligned as its elements are.
enum Kernels {}
