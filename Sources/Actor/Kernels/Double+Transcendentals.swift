// The constants and series of Double, and its tanh.

// Public members are documented in `KernelScalar`.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

extension Double: KernelScalar {
  package typealias Vector = SIMD8<Double>
  package typealias Bits = SIMD8<Int64>

  @inline(__always)
  package static var constants: TranscendentalConstants<Double> {
    let ln2 = (6.93147180369123816490e-01, 1.90821492927058770002e-10)
    return TranscendentalConstants(
      shifter: 0x1.8p52, inverseLn2: 0x1.71547652b82fep0, ln2: ln2, ln2OfLog: ln2,
      expLimits: (-746, 710), rootHalf: 0x3fe6_a09e_667f_3bcd)
  }

  /// Returns eʳ − 1 for |r| ≤ ½ ln 2 from Taylor's series to r¹³.
  ///
  /// The first omitted term is r¹³/14! < 2⁻⁵⁶ of r.
  @inline(__always)
  package static func expMinusOneSeries(_ r: Vector) -> Vector {
    var p = Vector(repeating: 1 / 6_227_020_800)
    p = multiplyAdd(p, r, Vector(repeating: 1 / 479_001_600))
    p = multiplyAdd(p, r, Vector(repeating: 1 / 39_916_800))
    p = multiplyAdd(p, r, Vector(repeating: 1 / 3_628_800))
    p = multiplyAdd(p, r, Vector(repeating: 1 / 362_880))
    p = multiplyAdd(p, r, Vector(repeating: 1 / 40320))
    p = multiplyAdd(p, r, Vector(repeating: 1 / 5040))
    p = multiplyAdd(p, r, Vector(repeating: 1 / 720))
    p = multiplyAdd(p, r, Vector(repeating: 1 / 120))
    p = multiplyAdd(p, r, Vector(repeating: 1 / 24))
    p = multiplyAdd(p, r, Vector(repeating: 1 / 6))
    p = multiplyAdd(p, r, Vector(repeating: 0.5))
    return multiplyAdd(p, r * r, r)
  }

  /// fdlibm's log.
  @inline(__always)
  package static func logSeries(_ z: Vector) -> Vector {
    var p = Vector(repeating: 1.479819860511658591e-01)
    p = multiplyAdd(p, z, Vector(repeating: 1.531383769920937332e-01))
    p = multiplyAdd(p, z, Vector(repeating: 1.818357216161805012e-01))
    p = multiplyAdd(p, z, Vector(repeating: 2.222219843214978396e-01))
    p = multiplyAdd(p, z, Vector(repeating: 2.857142874366239149e-01))
    p = multiplyAdd(p, z, Vector(repeating: 3.999999999940941908e-01))
    return multiplyAdd(p, z, Vector(repeating: 6.666666666666735130e-01))
  }

  @inline(__always)
  package static func tanh(_ x: Vector) -> Vector {
    let positive = magnitude(x)
    let large = 1 - 2 / (exp(positive + positive) + 1)
    // Near zero the subtraction above would cancel: Cephes' x + x³·P(x²)/Q(x²) for |x| < 0.625.
    let z = positive * positive
    var p = Vector(repeating: -9.64399179425052238628e-1)
    p = multiplyAdd(p, z, Vector(repeating: -9.92877231001918586564e1))
    p = multiplyAdd(p, z, Vector(repeating: -1.61468768441708447952e3))
    var q = z + 1.12811678491632931402e2
    q = multiplyAdd(q, z, Vector(repeating: 2.23548839060100448583e3))
    q = multiplyAdd(q, z, Vector(repeating: 4.84406305325125486048e3))
    let small = multiplyAdd(p / q * z, positive, positive)
    let result = large.replacing(with: small, where: positive .< Vector(repeating: 0.625))
    // The sign is set last, which preserves the sign of zero.
    let sign =
      unsafeBitCast(x, to: SIMD8<UInt64>.self) ^ unsafeBitCast(positive, to: SIMD8<UInt64>.self)
    return unsafeBitCast(unsafeBitCast(result, to: SIMD8<UInt64>.self) | sign, to: Vector.self)
  }
}
