// The logistic function and the normal distribution, from exp and rational functions, for SiLU and
// GELU. Float and Double share one body: a shorter series for Float would save less than it costs
// in code.

extension KernelScalar {
  /// Returns the logistic function of each lane, to 4 ulp: 1 / (1 + e⁻ˣ).
  @inline(__always)
  static func sigmoid(_ x: Vector) -> Vector {
    1 / (exp(0 - x) + 1)
  }

  /// Returns the standard normal density of each lane: e^(−x²/2) / √(2π).
  @inline(__always)
  static func normalDensity(_ x: Vector) -> Vector {
    exp(x * x * Vector(repeating: -0.5)) * Vector(repeating: 0.398942280401432677939946)
  }

  /// Returns the standard normal distribution function of each lane: ½ erfc(−x/√2).
  ///
  /// The error is below 4e-16 in Double and 2e-7 in Float. The method is Cephes' `erf` and `erfc`:
  /// with u = |x|/√2, erf u = u·T(u²)/U(u²) below 1 and erfc u = e^(−u²)·P(u)/Q(u) from there on.
  /// In Double the relative error of the tail is below 1e-13 down to x = −11, where the value is
  /// 1e-29.
  @inline(__always)
  static func normalDistribution(_ x: Vector) -> Vector {
    let half = Vector(repeating: 0.5)
    let limit = Vector(repeating: 28)
    // Beyond the limit e^(−u²) is zero, while the powers of u would become infinite.
    let scaled = magnitude(x) * Vector(repeating: 0.707106781186547524400844)
    let u = scaled.replacing(with: limit, where: scaled .> limit)
    let center = half * erfNearZero(u)
    let tail = half * erfcAway(u)
    let isPositive = x .> Vector(repeating: 0)
    let away = tail.replacing(with: 1 - tail, where: isPositive)
    let near = (half - center).replacing(with: half + center, where: isPositive)
    return away.replacing(with: near, where: u .< Vector(repeating: 1))
  }

  /// Returns erf u for 0 ≤ u < 1.
  @inline(__always)
  private static func erfNearZero(_ u: Vector) -> Vector {
    let z = u * u
    var t = Vector(repeating: 9.60497373987051638749)
    t = multiplyAdd(t, z, Vector(repeating: 9.00260197203842689217e1))
    t = multiplyAdd(t, z, Vector(repeating: 2.23200534594684319226e3))
    t = multiplyAdd(t, z, Vector(repeating: 7.00332514112805075473e3))
    t = multiplyAdd(t, z, Vector(repeating: 5.55923013010394962768e4))
    var d = z + Vector(repeating: 3.35617141647503099647e1)
    d = multiplyAdd(d, z, Vector(repeating: 5.21357949780152679795e2))
    d = multiplyAdd(d, z, Vector(repeating: 4.59432382970980127987e3))
    d = multiplyAdd(d, z, Vector(repeating: 2.26290000613890934246e4))
    d = multiplyAdd(d, z, Vector(repeating: 4.92673942608635921086e4))
    return u * t / d
  }

  /// Returns erfc u for 1 ≤ u.
  @inline(__always)
  private static func erfcAway(_ u: Vector) -> Vector {
    var p = Vector(repeating: 2.46196981473530512524e-10)
    p = multiplyAdd(p, u, Vector(repeating: 5.64189564831068821977e-1))
    p = multiplyAdd(p, u, Vector(repeating: 7.46321056442269912687))
    p = multiplyAdd(p, u, Vector(repeating: 4.86371970985681366614e1))
    p = multiplyAdd(p, u, Vector(repeating: 1.96520832956077098242e2))
    p = multiplyAdd(p, u, Vector(repeating: 5.26445194995477358631e2))
    p = multiplyAdd(p, u, Vector(repeating: 9.34528527171957607540e2))
    p = multiplyAdd(p, u, Vector(repeating: 1.02755188689515710272e3))
    p = multiplyAdd(p, u, Vector(repeating: 5.57535335369399327526e2))
    var q = u + Vector(repeating: 1.32281951154744992508e1)
    q = multiplyAdd(q, u, Vector(repeating: 8.67072140885989742329e1))
    q = multiplyAdd(q, u, Vector(repeating: 3.54937778887819891062e2))
    q = multiplyAdd(q, u, Vector(repeating: 9.75708501743205489753e2))
    q = multiplyAdd(q, u, Vector(repeating: 1.82390916687909736289e3))
    q = multiplyAdd(q, u, Vector(repeating: 2.24633760818710981792e3))
    q = multiplyAdd(q, u, Vector(repeating: 1.65666309194161350182e3))
    q = multiplyAdd(q, u, Vector(repeating: 5.57535340817727675546e2))
    return exp(0 - u * u) * p / q
  }
}
