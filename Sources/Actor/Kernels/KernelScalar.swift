// The scalars and vectors of kernels. Goals in order of priority: (1) one generic body per kernel,
// compiled to vector instructions for Float and for Double; (2) a value never depends on its
// position in an array, which makes a worker's 8 rows and a learner's 400 agree to the last bit;
// (3) speed.

/// A SIMD vector with the operations that must compile to single instructions.
///
/// The standard library's generic comparisons of vectors are loops that the compiler does not
/// unroll. As protocol requirements they dispatch to those of the concrete vector, which are single
/// instructions.
package protocol KernelVector: SIMD, BitwiseCopyable, Sendable where Scalar: BinaryFloatingPoint {
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

/// A scalar type of the kernels: Float for computation, Double to check gradients.
///
/// A vector is 64 bytes: 16 Floats or 8 Doubles.
package protocol KernelScalar: BinaryFloatingPoint, SIMDScalar, Codable, Sendable, BitwiseCopyable {
  /// A vector of 64 bytes.
  associatedtype Vector: KernelVector where Vector.Scalar == Self
  /// The bits of a vector.
  associatedtype Bits: KernelBits

  /// Returns a·b + c, rounded once if the machine has the instruction, otherwise twice.
  static func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector

  /// The constants of exp and log.
  static var constants: TranscendentalConstants<Self> { get }

  /// Returns eʳ − 1 for |r| ≤ ½ ln 2.
  static func expMinusOneSeries(_ r: Vector) -> Vector

  /// Returns P in log m = f − f²/2 + s (f²/2 + s² P(s²)), f = m − 1, s = f/(2 + f).
  static func logSeries(_ z: Vector) -> Vector

  /// Returns the hyperbolic tangent of each lane, to 3 ulp, and not above 1.
  static func tanh(_ x: Vector) -> Vector

  /// Returns the absolute value of each lane.
  static func magnitude(_ x: Vector) -> Vector

  /// Returns the sums of adjacent lanes, of `a` in the low half and of `b` in the high half.
  static func pairSums(_ a: Vector, _ b: Vector) -> Vector

  /// Returns the four sums of lanes with equal index modulo four.
  static func fourSums(_ x: Vector) -> SIMD4<Self>

  /// Splits 2·lanes elements into those at even and those at odd indices.
  static func deinterleave(_ a: Vector, _ b: Vector) -> (even: Vector, odd: Vector)

  /// Joins the results of `deinterleave`.
  static func interleave(even: Vector, odd: Vector) -> (Vector, Vector)

  /// Returns the first `count` < lanes elements, the other lanes zero, without reading beyond.
  static func loadFirst(_ count: Int, _ pointer: UnsafePointer<Self>) -> Vector

  /// Stores the first `count` < lanes lanes, without writing beyond.
  static func storeFirst(_ count: Int, _ pointer: UnsafeMutablePointer<Self>, _ vector: Vector)
}

extension KernelScalar {
  /// The number of elements of a vector.
  @inline(__always)
  static var lanes: Int { Vector.scalarCount }

  /// Loads a vector from an address with the alignment of an element.
  @inline(__always)
  static func load(_ pointer: UnsafePointer<Self>) -> Vector {
    UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self)
  }

  /// Stores a vector to an address with the alignment of an element.
  @inline(__always)
  static func store(_ pointer: UnsafeMutablePointer<Self>, _ vector: Vector) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: vector, as: Vector.self)
  }

  /// Returns the minimum of each two lanes; NaN if either is, as in PyTorch.
  @inline(__always)
  static func minimum(_ a: Vector, _ b: Vector) -> Vector {
    // In two steps, because combining two masks splits vectors.
    a.replacing(with: b, where: b .< a).replacing(with: b, where: b .!= b)
  }

  /// Returns the maximum of each two lanes; NaN if either is, as in PyTorch.
  @inline(__always)
  static func maximum(_ a: Vector, _ b: Vector) -> Vector {
    a.replacing(with: b, where: b .> a).replacing(with: b, where: b .!= b)
  }

  /// Returns the sum of all lanes, always in the same order.
  @inline(__always)
  static func laneSum(_ vector: Vector) -> Self {
    let four = laneSums(vector)
    return (four[0] + four[2]) + (four[1] + four[3])
  }

  /// Returns `fourSums`, for the end of a loop that accumulates vectors.
  @inline(__always)
  static func laneSums(_ vector: Vector) -> SIMD4<Self> {
    withUnsafePointer(to: vector) { at in
      fourSums(at: UnsafeRawPointer(at).assumingMemoryBound(to: Self.self))
    }
  }

  // A call with the vector in memory: if the compiler sees a vector split after a loop, it splits
  // it inside the loop as well, at a quarter of the speed.
  @inline(never)
  private static func fourSums(at pointer: UnsafePointer<Self>) -> SIMD4<Self> {
    fourSums(load(pointer))
  }

  /// Returns the largest lane; NaN if one is.
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
    // Nothing compares larger than NaN, so a NaN is kept.
    for lane in 1..<lanes where pointer[lane] > largest || pointer[lane].isNaN {
      largest = pointer[lane]
    }
    return largest
  }
}

/// The numeric kernels: loops over memory that the caller owns.
///
/// Every kernel takes its outputs first, then its inputs, then its sizes; matrices are row-major.
/// No kernel allocates. Addresses need only the alignment of an element.
enum Kernels {}
