// The constants and series of Float, and its tanh. Goals in order of priority: within 1 ulp (tanh
// 3) everywhere, correct at the edges, short enough to be inlined into a loop.

// Public members are documented in `KernelScalar`.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

extension Float: KernelScalar {
  package typealias Vector = SIMD16<Float>
  package typealias Bits = SIMD16<Int32>

  @inline(__always)
  package static var constants: TranscendentalConstants<Float> {
    TranscendentalConstants(
      shifter: 0x1.8p23, inverseLn2: 0x1.715476p0, ln2: (0x1.62e4p-1, 0x1.7f7d1cp-20),
      ln2OfLog: (0x1.62e3p-1, 0x1.2fefa2p-17), expLimits: (-104, 89), rootHalf: 0x3f35_04f3)
  }

  /// Returns eʳ − 1 for |r| ≤ ½ ln 2 from Taylor's series to r⁷.
  ///
  /// The first omitted term is r⁷/8! < 2⁻²⁶ of r.
  @inline(__always)
  package static func expMinusOneSeries(_ r: Vector) -> Vector {
    var p = Vector(repeating: 1 / 5040)
    p = multiplyAdd(p, r, Vector(repeating: 1 / 720))
    p = multiplyAdd(p, r, Vector(repeating: 1 / 120))
    p = multiplyAdd(p, r, Vector(repeating: 1 / 24))
    p = multiplyAdd(p, r, Vector(repeating: 1 / 6))
    p = multiplyAdd(p, r, Vector(repeating: 0.5))
    return multiplyAdd(p, r * r, r)
  }

  /// fdlibm's logf.
  @inline(__always)
  package static func logSeries(_ z: Vector) -> Vector {
    var p = Vector(repeating: 0x1.f13c4cp-3)
    p = multiplyAdd(p, z, Vector(repeating: 0x1.23d3dcp-2))
    p = multiplyAdd(p, z, Vector(repeating: 0x1.999c26p-2))
    return multiplyAdd(p, z, Vector(repeating: 0x1.555554p-1))
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
