import Foundation
import Testing

@testable import Actor

/// Tests of exp, log and tanh against Foundation's, in units of the last place.
struct `Transcendental functions` {
  /// Returns the largest error over `inputs` in ulp of the reference, and its input.
  private func worst<S: KernelScalar>(
    _ inputs: [S], _ kernel: (S.Vector) -> S.Vector, _ reference: (S) -> S
  ) -> (error: S, at: S) {
    var result: (error: S, at: S) = (0, 0)
    for start in stride(from: 0, to: inputs.count, by: S.Vector.scalarCount) {
      var x = S.Vector(repeating: 1)
      for lane in 0..<min(S.Vector.scalarCount, inputs.count - start) {
        x[lane] = inputs[start + lane]
      }
      let y = kernel(x)
      for lane in 0..<S.Vector.scalarCount {
        let expected = reference(x[lane])
        if y[lane] == expected || (y[lane].isNaN && expected.isNaN) { continue }
        let error = abs(y[lane] - expected) / max(expected.ulp, S.leastNonzeroMagnitude)
        if !(error <= result.error) { result = (error, x[lane]) }
      }
    }
    return result
  }

  private func uniform<S: KernelScalar>(_ low: Double, _ high: Double, _: S.Type) -> [S] {
    var generator = SmallGenerator(seed: 7)
    return (0..<20_000).map { _ in S(generator.uniform(low, high)) }
  }

  /// Returns magnitudes of every size between 2^low and 2^high.
  private func logarithmic<S: KernelScalar>(_ low: Double, _ high: Double, _: S.Type) -> [S] {
    var generator = SmallGenerator(seed: 8)
    return (0..<20_000).map { _ in S(pow(2, generator.uniform(low, high))) }
  }

  // Bounds: the true error is at most half an ulp more than the difference from a correctly rounded
  // reference, and Foundation's is within half an ulp. Without a fused multiply-add each step of a
  // series rounds twice.
  #if RLPLAY_FMA
    private let one = 1.0
  #else
    private let one = 2.0
  #endif

  @Test func `exp is within an ulp of Foundation's`() {
    let float = worst(uniform(-104, 89, Float.self), Float.exp) { Foundation.exp($0) }
    #expect(float.error <= Float(one), "at \(float.at)")
    let double = worst(uniform(-746, 710, Double.self), Double.exp) { Foundation.exp($0) }
    #expect(double.error <= one, "at \(double.at)")
    let tiny = worst(logarithmic(-80, 0, Double.self), Double.exp) { Foundation.exp($0) }
    #expect(tiny.error <= one, "at \(tiny.at)")
  }

  @Test func `exp minus one keeps small numbers`() {
    // Beyond ½ ln 2 the subtraction of one magnifies an error of exp by at most four.
    for sign in [-1.0, 1.0] {
      let float = worst(
        logarithmic(-60, 6, Float.self).map { $0 * Float(sign) }, Float.expMinusOne
      ) { Foundation.expm1($0) }
      #expect(float.error <= Float(4 * one), "at \(float.at)")
      let double = worst(
        logarithmic(-300, 9, Double.self).map { $0 * sign }, Double.expMinusOne
      ) { Foundation.expm1($0) }
      #expect(double.error <= 4 * one, "at \(double.at)")
    }
  }

  @Test func `log is within an ulp of Foundation's`() {
    let float = worst(logarithmic(-149, 128, Float.self), Float.log) { Foundation.log($0) }
    #expect(float.error <= Float(one), "at \(float.at)")
    let floatNearOne = worst(uniform(0.4, 2.5, Float.self), Float.log) { Foundation.log($0) }
    #expect(floatNearOne.error <= Float(one), "at \(floatNearOne.at)")
    let double = worst(logarithmic(-1074, 1024, Double.self), Double.log) { Foundation.log($0) }
    #expect(double.error <= one, "at \(double.at)")
    let doubleNearOne = worst(uniform(0.4, 2.5, Double.self), Double.log) { Foundation.log($0) }
    #expect(doubleNearOne.error <= one, "at \(doubleNearOne.at)")
  }

  @Test func `tanh is within three ulp of Foundation's, in Double within two`() {
    // Of all Floats from 2⁻¹⁵ to 32 the worst is off by 2.4 ulp, near 2⁻⁷.
    let float = worst(uniform(-10, 10, Float.self), Float.tanh) { Foundation.tanh($0) }
    #expect(float.error <= 2 + Float(one), "at \(float.at)")
    let floatSmall = worst(logarithmic(-140, 1, Float.self), Float.tanh) { Foundation.tanh($0) }
    #expect(floatSmall.error <= 2 + Float(one), "at \(floatSmall.at)")
    let large = uniform(9, 100, Float.self)
    #expect(worst(large, Float.tanh) { _ in 1 }.error <= 0.5)
    #expect(large.allSatisfy { Float.tanh(SIMD16(repeating: $0)).max() <= 1 })
    let double = worst(uniform(-20, 20, Double.self), Double.tanh) { Foundation.tanh($0) }
    #expect(double.error <= 2, "at \(double.at)")
    let doubleSmall = worst(logarithmic(-1000, 1, Double.self), Double.tanh) { Foundation.tanh($0) }
    #expect(doubleSmall.error <= 2, "at \(doubleSmall.at)")
  }

  @Test func `the normal distribution is Foundation's to the last places`() {
    func absolute<S: KernelScalar>(_ inputs: [S]) -> Double {
      inputs.reduce(0) { worst, x in
        let expected = 0.5 * erfc(-Double(x) / 2.0.squareRoot())
        return max(worst, abs(Double(S.normalDistribution(S.Vector(repeating: x))[0]) - expected))
      }
    }
    // Values up to 1 with three roundings at the end, of 1.1e-16 and 6e-8 each.
    #expect(absolute(uniform(-12, 12, Double.self)) < 4e-16)
    #expect(absolute(uniform(-12, 12, Float.self)) < 2e-7)
    // u² has three roundings, and e^(−u²) magnifies them by u² ≤ 61, at worst two ulp to a
    // rounding.
    let tail = worst(uniform(-11, 0, Double.self), Double.normalDistribution) {
      0.5 * erfc(-$0 / 2.0.squareRoot())
    }
    #expect(tail.error <= 400, "at \(tail.at)")
    let edges: [Double] = [-.infinity, -1e300, 0, 1e300, .infinity]
    for (x, expected) in zip(edges, [0, 0, 0.5, 1, 1]) {
      #expect(Double.normalDistribution(.init(repeating: x))[0] == expected)
      #expect(Float.normalDistribution(.init(repeating: Float(x)))[0] == Float(expected))
    }
    #expect(Double.normalDistribution(.init(repeating: .nan))[0].isNaN)
  }

  /// Checks edges: zeros, infinities, NaN, the last numbers before overflow and after underflow.
  private func edges<S: KernelScalar>(
    _: S.Type, exp: (S) -> S, expMinusOne: (S) -> S, log: (S) -> S, tanh: (S) -> S
  ) {
    let edges: [S] = [
      0, -0.0, 1, -1, .infinity, -.infinity, .nan, .greatestFiniteMagnitude,
      -.greatestFiniteMagnitude, .leastNormalMagnitude, .leastNonzeroMagnitude,
      -.leastNonzeroMagnitude,
    ]
    for x in edges {
      let v = S.Vector(repeating: x)
      #expect(same(S.exp(v)[0], exp(x)), "exp of \(x)")
      #expect(same(S.expMinusOne(v)[0], expMinusOne(x) + 0, ulps: 4), "exp minus one of \(x)")
      #expect(same(S.log(v)[0], log(x)), "log of \(x)")
      #expect(same(S.tanh(v)[0], tanh(x)), "tanh of \(x)")
    }
  }

  /// Returns true if both are equal to the bounds above, including the sign of zero.
  private func same<S: KernelScalar>(_ a: S, _ b: S, ulps: S = 1) -> Bool {
    if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
    if a == b { return a.sign == b.sign }
    return abs(a - b) <= ulps * b.ulp
  }

  @Test func `edges are as in Foundation`() {
    edges(
      Float.self, exp: { Foundation.exp($0) }, expMinusOne: { Foundation.expm1($0) },
      log: { Foundation.log($0) }, tanh: { Foundation.tanh($0) })
    edges(
      Double.self, exp: { Foundation.exp($0) }, expMinusOne: { Foundation.expm1($0) },
      log: { Foundation.log($0) }, tanh: { Foundation.tanh($0) })
  }
}
