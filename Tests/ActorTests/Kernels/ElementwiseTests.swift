import Foundation
import Testing

@testable import Actor

/// Tests of maps, activations and copies, at every length from 0 to 67.
struct `Elementwise kernels` {
  private func maps<S: KernelScalar>(_: S.Type) {
    var generator = SmallGenerator(seed: 1)
    for count in 0...67 {
      let a = Cells<S>(count: count, from: &generator)
      let b = Cells<S>(count: count, from: &generator)
      let c = Cells<S>(count: count, from: &generator)
      let out = Cells<S>(count: count, from: &generator)
      let before = out.values
      Kernels.map(out.pointer, a.read, count) { v in v + v }
      #expect(out.isIntact && out.values == a.values.map { $0 + $0 }, "map of 1, \(count)")
      Kernels.map(out.pointer, a.read, b.read, count) { v, w in v * w }
      #expect(out.isIntact && out.values == zip(a.values, b.values).map { $0 * $1 }, "2, \(count)")
      Kernels.map(out.pointer, a.read, b.read, c.read, count) { v, w, u in (v - w) * u }
      let three = (0..<count).map { (a.read[$0] - b.read[$0]) * c.read[$0] }
      #expect(out.isIntact && out.values == three, "map of 3, \(count)")

      Kernels.fill(out.pointer, 7, count)
      #expect(out.isIntact && out.values.allSatisfy { $0 == 7 }, "fill, \(count)")

      for i in 0..<count { out.pointer[i] = before[i] }
      Kernels.accumulate(out.pointer, a.read, count) { v in v }
      Kernels.accumulate(out.pointer, a.read, b.read, count) { v, w in v - w }
      Kernels.accumulate(out.pointer, a.read, b.read, c.read, count) { v, w, u in (v - w) * u }
      let sums = (0..<count).map { i -> S in
        before[i] + a.read[i] + (a.read[i] - b.read[i]) + three[i]
      }
      #expect(out.isIntact && out.values == sums, "accumulate, \(count)")
    }
  }

  @Test func `maps and accumulations match a scalar loop`() {
    maps(Float.self)
    maps(Double.self)
  }

  private func extrema<S: KernelScalar>(_: S.Type) {
    let values: [S] = [-.infinity, -1, 0, 2, .infinity, .nan]
    for a in values {
      for b in values {
        let low = S.minimum(S.Vector(repeating: a), S.Vector(repeating: b))[0]
        let high = S.maximum(S.Vector(repeating: a), S.Vector(repeating: b))[0]
        if a.isNaN || b.isNaN {
          #expect(low.isNaN && high.isNaN, "\(a), \(b)")
        } else {
          #expect(low == min(a, b) && high == max(a, b), "\(a), \(b)")
        }
      }
    }
  }

  @Test func `minimum and maximum keep NaN`() {
    extrema(Float.self)
    extrema(Double.self)
  }

  private func activations<S: KernelScalar>(_: S.Type, _ activation: Activation) {
    var generator = SmallGenerator(seed: 2)
    for count in 0...67 {
      let z = Cells<S>(count: count) { _ in S(generator.uniform(-3, 3)) }
      let dy = Cells<S>(count: count, from: &generator)
      let y = Cells<S>(count: count) { _ in 0 }
      let dz = Cells<S>(count: count) { _ in 0 }
      Kernels.activationForward(y.pointer, z.read, count: count, activation: activation)
      // The functions' own tests bound their error by 4 ulp.
      let forward = z.values.map { z -> Expected in
        let x = Double(z)
        return switch activation {
        case .identity: Expected(x)
        case .relu: Expected(max(x, 0))
        case .elu: Expected(x > 0 ? x : expm1(x), roundings: 8)
        case .tanh: Expected(Foundation.tanh(x), roundings: 4)
        case .silu: Expected(x / (1 + Foundation.exp(-x)), roundings: 6)
        // Below zero Φ is a difference of numbers near ½, or a tail with a rounded exponent.
        case .gelu:
          Expected(0.5 * x * erfc(-x / 2.0.squareRoot()), magnitude: abs(x), roundings: 4)
        }
      }
      let failure = firstFailure(y, forward)
      #expect(failure == nil, "\(activation), \(count): \(failure ?? "")")

      Kernels.activationBackward(
        dz.pointer, dy.read, activation.isFusible ? y.read : z.read, count: count,
        activation: activation)
      let backward = (0..<count).map { i -> Expected in
        let d = Double(dy.read[i])
        let v = Double(y.read[i])
        let z = Double(z.read[i])
        let sigmoid = 1 / (1 + Foundation.exp(-z))
        let density = Foundation.exp(-z * z / 2) / (2 * Double.pi).squareRoot()
        return switch activation {
        case .identity: Expected(d)
        case .relu: Expected(v > 0 ? d : 0)
        case .elu: Expected(v > 0 ? d : d * (v + 1), magnitude: abs(d), roundings: 3)
        case .tanh: Expected(d * (1 - v * v), magnitude: abs(d), roundings: 4)
        case .silu:
          Expected(
            d * sigmoid * (1 + z * (1 - sigmoid)), magnitude: 3 * abs(d), roundings: 4)
        case .gelu:
          Expected(
            d * (0.5 * erfc(-z / 2.0.squareRoot()) + z * density), magnitude: 3 * abs(d),
            roundings: 4)
        }
      }
      let backwardFailure = firstFailure(dz, backward)
      #expect(backwardFailure == nil, "\(activation)′, \(count): \(backwardFailure ?? "")")
    }
  }

  @Test(arguments: Activation.allCases)
  func `activations match their definitions`(activation: Activation) {
    activations(Float.self, activation)
    activations(Double.self, activation)
  }

  @Test func `a value does not depend on where it stood`() {
    var generator = SmallGenerator(seed: 3)
    let x = Cells<Float>(count: 67, from: &generator)
    let whole = Cells<Float>(count: 67) { _ in 0 }
    Kernels.activationForward(whole.pointer, x.read, count: 67, activation: .tanh)
    for start in 0..<67 {
      let part = Cells<Float>(count: 67 - start) { _ in 0 }
      Kernels.activationForward(
        part.pointer, x.read + start, count: 67 - start, activation: .tanh)
      #expect(part.values == Array(whole.values[start...]), "from \(start)")
    }
  }
}
