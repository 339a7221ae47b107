// exp, log and tanh of 16 Floats, without a branch. Goals in order of priority: within 1 ulp (tanh
// 3) everywhere, correct at the edges, short enough to be inlined into a loop.

// Public members are documented in `KernelScalar`.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

extension Float: KernelScalar {
  package typealias Vector = SIMD16<Float>

  /// Splits x = n·ln 2 + r with |r| ≤ ½ ln 2, for the arguments that exp needs.
  @inline(__always)
  private static func reduce(_ x: Vector) -> (exponent: SIMD16<Int32>, remainder: Vector) {
    // Adding 1.5·2²³ leaves the nearest integer in the low bits of the sum, ready to become an
    // exponent.
    let shifter = Vector(repeating: 0x1.8p23)
    let shifted = multiplyAdd(x, Vector(repeating: 0x1.715476p0), shifter)
    let n = shifted - shifter
    // ln 2 in two parts: the first has so few bits that its product with n is exact.
    var r = multiplyAdd(n, Vector(repeating: -0x1.62e4p-1), x)
    r = multiplyAdd(n, Vector(repeating: -0x1.7f7d1cp-20), r)
    let exponent =
      unsafeBitCast(shifted, to: SIMD16<Int32>.self) &- unsafeBitCast(shifter, to: SIMD16.self)
    return (exponent, r)
  }

  /// Returns eʳ − 1 for |r| ≤ ½ ln 2 from Taylor's series to r⁷.
  ///
  /// The first omitted term is r⁷/8! < 2⁻²⁶ of r.
  @inline(__always)
  private static func expMinusOneSeries(_ r: Vector) -> Vector {
    var p = Vector(repeating: 1 / 5040)
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
    let lowest = Vector(repeating: -104)
    let highest = Vector(repeating: 89)
    let above = x.replacing(with: lowest, where: x .< lowest)
    return above.replacing(with: highest, where: above .> highest)
  }

  @inline(__always)
  package static func exp(_ x: Vector) -> Vector {
    let (n, r) = reduce(limited(x))
    let p = expMinusOneSeries(r) + 1
    // Two factors, since 2ⁿ itself may exceed Float's range at either end.
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
  private static func powerOfTwo(_ n: SIMD16<Int32>) -> Vector {
    unsafeBitCast((n &+ 127) &<< 23, to: Vector.self)
  }

  @inline(__always)
  package static func log(_ x: Vector) -> Vector {
    // Subnormal numbers are scaled into range first.
    let isSmall = x .< Vector(repeating: leastNormalMagnitude)
    let scaled = x.replacing(with: x * 0x1p23, where: isSmall)
    let bits = unsafeBitCast(scaled, to: SIMD16<Int32>.self)
    // x = 2ᵉ·m with m in [√½, √2): subtracting √½'s bits moves the exponent's boundary there.
    let shiftedBits = bits &- 0x3f35_04f3
    let e = shiftedBits &>> 23
    let m = unsafeBitCast(bits &- (e &<< 23), to: Vector.self)
    // An integer below 2²² becomes a Float as the low bits of one.
    let shifter = Vector(repeating: 0x1.8p23)
    let shifterBits = unsafeBitCast(shifter, to: SIMD16<Int32>.self)
    var exponent = unsafeBitCast(e &+ shifterBits, to: Vector.self) - shifter
    exponent.replace(with: exponent - 23, where: isSmall)

    // log m = f − f²/2 + s (f²/2 + R), f = m − 1, s = f/(2 + f), R = s²·P(s²): fdlibm's logf.
    let f = m - 1
    let s = f / (f + 2)
    let z = s * s
    var p = Vector(repeating: 0x1.f13c4cp-3)
    p = multiplyAdd(p, z, Vector(repeating: 0x1.23d3dcp-2))
    p = multiplyAdd(p, z, Vector(repeating: 0x1.999c26p-2))
    p = multiplyAdd(p, z, Vector(repeating: 0x1.555554p-1))
    let halfSquare = f * f * 0.5
    var tail = multiplyAdd(exponent, Vector(repeating: 0x1.2fefa2p-17), s * (halfSquare + z * p))
    tail = tail - halfSquare + f
    var result = multiplyAdd(exponent, Vector(repeating: 0x1.62e3p-1), tail)

    result.replace(with: x, where: x .== Vector(repeating: .infinity))
    result.replace(with: -.infinity, where: x .== Vector(repeating: 0))
    result.replace(with: .nan, where: x .< Vector(repeating: 0))
    return result.replacing(with: x, where: x .!= x)
  }

  @inline(__always)
  package static func tanh(_ x: Vector) -> Vector {
    // With t = e²ˣ − 1, tanh x = t / (t + 2). Beyond the limit the quotient is 1; NaN stays.
    let positive = magnitude(x)
    let limit = Vector(repeating: 18.5)
    let double = positive + positive
    let (n, r) = reduce(double.replacing(with: limit, where: double .> limit))
    // No cancellation: the power is 1 where the series is small.
    let power = powerOfTwo(n)
    let t = multiplyAdd(power, expMinusOneSeries(r), power - 1)
    let result = t / (t + 2)
    // The sign is set last, which preserves the sign of zero.
    let sign =
      unsafeBitCast(x, to: SIMD16<UInt32>.self) ^ unsafeBitCast(positive, to: SIMD16<UInt32>.self)
    return unsafeBitCast(unsafeBitCast(result, to: SIMD16<UInt32>.self) | sign, to: Vector.self)
  }
}
