// exp and log of a vector, without a branch: one body for Float and Double.

/// The bits of a vector's lanes as signed integers.
///
/// Its operations are requirements for the reason that those of `KernelVector` are.
package protocol KernelBits: SIMD, BitwiseCopyable, Sendable
where Scalar: FixedWidthInteger & SignedInteger {
  static func &+ (a: Self, b: Self) -> Self
  static func &- (a: Self, b: Self) -> Self
  static func &<< (a: Self, b: Self) -> Self
  static func &>> (a: Self, b: Self) -> Self
}

extension SIMD16<Int32>: KernelBits {}
extension SIMD8<Int64>: KernelBits {}

/// The constants of exp and log in one type of numbers.
package struct TranscendentalConstants<S: KernelScalar> {
  /// 1.5 · 2ᵖ, p the number of bits of a significand.
  ///
  /// Added to a number, it leaves the nearest integer in the low bits of the sum.
  var shifter: S
  /// 1 / ln 2.
  var inverseLn2: S
  /// ln 2 in two parts: the first has so few bits that its product with an exponent is exact.
  var ln2: (high: S, low: S)
  /// The same parts for log, whose exponents are smaller.
  var ln2OfLog: (high: S, low: S)
  /// A range slightly larger than that with finite nonzero exp.
  var expLimits: (lowest: S, highest: S)
  /// The bits of √½.
  var rootHalf: S.Bits.Scalar
}

extension KernelScalar {
  /// The number of bits of a significand in each lane.
  @inline(__always)
  private static var significandBits: Bits {
    Bits(repeating: Bits.Scalar(truncatingIfNeeded: significandBitCount))
  }

  /// Splits x = n·ln 2 + r with |r| ≤ ½ ln 2, for the arguments that exp needs.
  @inline(__always)
  static func reduce(_ x: Vector) -> (exponent: Bits, remainder: Vector) {
    let shifter = Vector(repeating: constants.shifter)
    let shifted = multiplyAdd(x, Vector(repeating: constants.inverseLn2), shifter)
    let n = shifted - shifter
    var r = multiplyAdd(n, Vector(repeating: -constants.ln2.high), x)
    r = multiplyAdd(n, Vector(repeating: -constants.ln2.low), r)
    // The low bits of the sum, ready to become an exponent.
    let exponent = unsafeBitCast(shifted, to: Bits.self) &- unsafeBitCast(shifter, to: Bits.self)
    return (exponent, r)
  }

  /// Clamps x to slightly more than the range with finite nonzero exp; NaN stays.
  @inline(__always)
  private static func limited(_ x: Vector) -> Vector {
    let lowest = Vector(repeating: constants.expLimits.lowest)
    let highest = Vector(repeating: constants.expLimits.highest)
    let above = x.replacing(with: lowest, where: x .< lowest)
    return above.replacing(with: highest, where: above .> highest)
  }

  /// Returns 2ⁿ for exponents of normal numbers.
  @inline(__always)
  static func powerOfTwo(_ n: Bits) -> Vector {
    let bias = Bits(repeating: Bits.Scalar(truncatingIfNeeded: 1 &<< (exponentBitCount &- 1) &- 1))
    return unsafeBitCast((n &+ bias) &<< significandBits, to: Vector.self)
  }

  /// Returns e to the power of each lane, to 1 ulp, including subnormal results; +∞ on overflow.
  @inline(__always)
  static func exp(_ x: Vector) -> Vector {
    let (n, r) = reduce(limited(x))
    let p = expMinusOneSeries(r) + Vector(repeating: 1)
    // Two factors, since 2ⁿ itself may exceed the range at either end.
    let half = n &>> Bits(repeating: 1)
    return p * powerOfTwo(half) * powerOfTwo(n &- half)
  }

  /// Returns e to the power of each lane minus one, to 4 ulp even if it is small; 0 for −0.
  @inline(__always)
  static func expMinusOne(_ x: Vector) -> Vector {
    let (_, r) = reduce(limited(x))
    // If x is its own remainder, the series is exact to an ulp; elsewhere no cancellation matters.
    return (exp(x) - Vector(repeating: 1)).replacing(with: expMinusOneSeries(r), where: r .== x)
  }

  /// Returns the natural logarithm of each lane, to 1 ulp, including subnormal lanes.
  ///
  /// It is −∞ at zero and NaN below.
  @inline(__always)
  static func log(_ x: Vector) -> Vector {
    // Subnormal numbers are scaled into range first.
    let isSmall = x .< Vector(repeating: leastNormalMagnitude)
    let scale = powerOfTwo(significandBits)
    let scaled = x.replacing(with: x * scale, where: isSmall)
    let bits = unsafeBitCast(scaled, to: Bits.self)
    // x = 2ᵉ·m with m in [√½, √2): subtracting √½'s bits moves the exponent's boundary there.
    let e = (bits &- Bits(repeating: constants.rootHalf)) &>> significandBits
    let m = unsafeBitCast(bits &- (e &<< significandBits), to: Vector.self)
    // A small integer becomes a floating-point number as the low bits of one.
    let shifter = Vector(repeating: constants.shifter)
    let exponentBits = e &+ unsafeBitCast(shifter, to: Bits.self)
    var exponent = unsafeBitCast(exponentBits, to: Vector.self) - shifter
    let scaledBy = Vector(repeating: Self(significandBitCount))
    exponent.replace(with: exponent - scaledBy, where: isSmall)

    // log m = f − f²/2 + s (f²/2 + R), f = m − 1, s = f/(2 + f), R = s²·P(s²).
    let f = m - Vector(repeating: 1)
    let s = f / (f + Vector(repeating: 2))
    let z = s * s
    let halfSquare = f * f * Vector(repeating: 0.5)
    var tail = multiplyAdd(
      exponent, Vector(repeating: constants.ln2OfLog.low), s * (halfSquare + z * logSeries(z)))
    tail = tail - halfSquare + f
    var result = multiplyAdd(exponent, Vector(repeating: constants.ln2OfLog.high), tail)

    result.replace(with: x, where: x .== Vector(repeating: .infinity))
    result.replace(with: Vector(repeating: -.infinity), where: x .== Vector(repeating: 0))
    result.replace(with: Vector(repeating: .nan), where: x .< Vector(repeating: 0))
    return result.replacing(with: x, where: x .!= x)
  }
}
