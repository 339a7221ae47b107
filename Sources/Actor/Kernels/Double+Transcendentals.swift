// exp, log and tanh of 8 Doubles: the methods for Float with longer series.

// Public members are documented in `KernelScalar`.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

extension Double: KernelScalar {
  package typealias Vector = SIMD8<Double>

  /// Splits x = n·ln 2 + r with |r| ≤ ½ ln 2, for the arguments that exp needs.
  @inline(__always)
  private static func reduce(_ x: Vector) -> (exponent: SIMD8<Int64>, remainder: Vector) {
    // Adding 1.5·2⁵² leaves the nearest integer in the low bits of the sum, ready to become an
    // exponent.
    let shifter = Vector(repeating: 0x1.8p52)
    let shifted = multiplyAdd(x, Vector(repeating: 0x1.71547652b82fep0), shifter)
    let n = shifted - shifter
    // ln 2 in two parts: the first has so few bits that its product with n is exact.
    var r = multiplyAdd(n, Vector(repeating: -6.93147180369123816490e-01), x)
    r = multiplyAdd(n, Vector(repeating: -1.90821492927058770002e-10), r)
    let exponent =
      unsafeBitCast(shifted, to: SIMD8<Int64>.self) &- unsafeBitCast(shifter, to: SIMD8.self)
    return (exponent, r)
  }

  /// Returns eʳ − 1 for |r| ≤ ½ ln 2 from Taylor's series to r¹³.
  ///
  /// The first omitted term is r¹³/14! < 2⁻⁵⁶ of r.
  @inline(__always)
  private static func expMinusOneSeries(_ r: Vector) -> Vector {
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

  /// Clamps x to slightly more than the range with finite nonzero exp; NaN stays.
  @inline(__always)
  private static func limited(_ x: Vector) -> Vector {
    let lowest = Vector(repeating: -746)
    let highest = Vector(repeating: 710)
    let above = x.replacing(with: lowest, where: x .< lowest)
    return above.replacing(with: highest, where: above .> highest)
  }

  @inline(__always)
  package static func exp(_ x: Vector) -> Vector {
    let (n, r) = reduce(limited(x))
    let p = expMinusOneSeries(r) + 1
    // Two factors, since 2ⁿ itself may exceed Double's range at either end.
    let half = n &>> 1
    return p * powerOfTwo(half) * powerOfTwo(n &- half)
  }

  @inline(__always)
  package static func expMinusOne(_ x: Vector) -> Vector {
    let (_, r) = reduce(limited(x))
    // If x is its own remainder, the series is exact to an ulp; elsewhere no cancellation matters.
    return (exp(x) - 1).replacing(with: expMinusOneSeries(r), where: r .== x)
  }

  @inline(__always)
  private static func powerOfTwo(_ n: SIMD8<Int64>) -> Vector {
    unsafeBitCast((n &+ 1023) &<< 52, to: Vector.self)
  }

  @inline(__always)
  package static func log(_ x: Vector) -> Vector {
    // Subnormal numbers are scaled into range first.
    let isSmall = x .< Vector(repeating: leastNormalMagnitude)
    let scaled = x.replacing(with: x * 0x1p52, where: isSmall)
    let bits = unsafeBitCast(scaled, to: SIMD8<Int64>.self)
    // x = 2ᵉ·m with m in [√½, √2): subtracting √½'s bits moves the exponent's boundary there.
    let shiftedBits = bits &- 0x3fe6_a09e_667f_3bcd
    let e = shiftedBits &>> 52
    let m = unsafeBitCast(bits &- (e &<< 52), to: Vector.self)
    // An integer below 2⁵¹ becomes a Double as the low bits of one.
    let shifter = Vector(repeating: 0x1.8p52)
    let shifterBits = unsafeBitCast(shifter, to: SIMD8<Int64>.self)
    var exponent = unsafeBitCast(e &+ shifterBits, to: Vector.self) - shifter
    exponent.replace(with: exponent - 52, where: isSmall)

    // log m = f − f²/2 + s (f²/2 + R), f = m − 1, s = f/(2 + f), R = s²·P(s²): fdlibm's log.
    let f = m - 1
    let s = f / (f + 2)
    let z = s * s
    var p = Vector(repeating: 1.479819860511658591e-01)
    p = multiplyAdd(p, z, Vector(repeating: 1.531383769920937332e-01))
    p = multiplyAdd(p, z, Vector(repeating: 1.818357216161805012e-01))
    p = multiplyAdd(p, z, Vector(repeating: 2.222219843214978396e-01))
    p = multiplyAdd(p, z, Vector(repeating: 2.857142874366239149e-01))
    p = multiplyAdd(p, z, Vector(repeating: 3.999999999940941908e-01))
    p = multiplyAdd(p, z, Vector(repeating: 6.666666666666735130e-01))
    let halfSquare = f * f * 0.5
    let low = Vector(repeating: 1.90821492927058770002e-10)
    var tail = multiplyAdd(exponent, low, s * (halfSquare + z * p))
    tail = tail - halfSquare + f
    var result = multiplyAdd(exponent, Vector(repeating: 6.93147180369123816490e-01), tail)

    result.replace(with: x, where: x .== Vector(repeating: .infinity))
    result.replace(with: -.infinity, where: x .== Vector(repeating: 0))
    result.replace(with: .nan, where: x .< Vector(repeating: 0))
    return result.replacing(with: x, where: x .!= x)
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
