import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests of deterministic actions with noise against their formulas.
struct ClippedGaussianTests {
  private static let policy = EchoPolicy(bounded: .deterministic)

  @Test func `log-density and entropy are those of the noise before it is clipped`() {
    let range = ActionRange(low: [-2, -1], high: [2, 3])
    let distribution = ClippedGaussian(range)
    #expect(distribution.scoreCount == 2 && distribution.logitCount == 4)
    let scene = [[2, 3, 2], [2, 3, 2]]
    Formula(scene) { _, x in
      distribution.logProbability(
        of: .leaf(range.scaled(x[1])), under: distribution.logits(from: x[0]))
    }.checkWithDeviation(0.4) { x in
      (0..<6).map { row in
        (0..<2).reduce(0) { sum, element in
          let z = (x[1][2 * row + element] - tanh(x[0][2 * row + element])) / 0.4
          let normal = exp(-z * z / 2) / (0.4 * (2 * Double.pi).squareRoot())
          return sum + log(normal / 2)
        }
      }
    }
    Formula([[2, 3, 2]]) { _, x in
      distribution.entropy(of: distribution.logits(from: x[0]))
    }.checkWithDeviation(0.4) { _ in
      Array(repeating: log(2 * Double.pi * M_E * 0.16) + 2 * log(2), count: 6)
    }
  }

  @Test func `draws have the moments of the noise within the bounds, and are clipped to them`()
    throws
  {
    let space: Space = .box(shape: [2], low: -3, high: 3)
    let drawn = try DrawnActions(
      space, scores: [0.2, 1.5], seed: 3000, weights: [0.15, 0], policy: Self.policy)
    let actions = drawn.actions(as: Float.self).map { $0.map { Double($0) } }
    let count = Double(actions.count)
    let z = actions.map { ($0[0] - tanh(0.2)) / 0.15 }
    #expect(abs(z.reduce(0, +) / count) < 4 / count.squareRoot())
    #expect(abs(z.reduce(0) { $0 + $1 * $1 } / count - 1) < 4 * (2 / count).squareRoot())
    // 1 − tanh 1.5 are 0.632 deviations, and the chance of a larger number is 0.2636.
    let clipped = Double(actions.count { $0[1] == 1 })
    #expect(actions.allSatisfy { $0[1] <= 1 })
    #expect(abs(clipped / count - 0.2636) < 4 * (0.2636 * 0.7364 / count).squareRoot())
  }

  @Test func `the most likely action has no noise`() throws {
    let drawn = try DrawnActions(
      .box(shape: [2], low: -3, high: 3), scores: [0.5, -0.25], choice: .greedy,
      weights: [0.3, 1], policy: Self.policy)
    // tanh in Float is exact to a few units in the last place.
    #expect(
      drawn.actions(as: Float.self).allSatisfy {
        isClose(Double($0[0]), tanh(0.5), relative: 1e-6)
          && isClose(Double($0[1]), tanh(-0.25), relative: 1e-6)
      })
  }
}

extension Formula {
  /// Checks values in Double, with the deviation of the noise set.
  fileprivate func checkWithDeviation(_ deviation: Double, _ naive: ([[Double]]) -> [Double]) {
    let numbers = drawn(seed: 1)
    // The formula's parameters come first, then the deviation and the warm-up.
    let run = Run<Double>(self, numbers + [deviation, 0])
    let difference = firstDifference(
      run.values, naive(split(numbers)), absolute: 1e-13, relative: 1e-13)
    #expect(difference == nil, "\(difference ?? "")")
  }
}
