import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests of the Bernoulli distributions against p = 1 / (1 + e⁻ᶻ).
struct BernoulliTests {
  private func probability(_ score: Double) -> Double { 1 / (1 + Foundation.exp(-score)) }

  @Test(arguments: [1, 2, 5, 17])
  func `log-probability and entropy are those of independent choices`(count: Int) {
    let (rows, environments) = (2, 3)
    let shape = [rows, environments, count]
    let distribution = Bernoulli(count: count)
    #expect(distribution.scoreCount == count && distribution.logitCount == 2 * count)
    let actions = (0..<rows * environments * count).map { (index: Int) -> Int32 in
      index % 3 == 0 || index % 7 == 4 ? 1 : 0
    }
    Formula([shape], in: -3...3, indices: (actions, shape)) { _, x in
      distribution.logProbability(of: .leaf(x[1]), under: distribution.logits(from: x[0]))
    }.check("log-probability") { x in
      (0..<rows * environments).map { (row: Int) -> Double in
        var sum = 0.0
        for index in row * count..<(row + 1) * count {
          let p = probability(x[0][index])
          sum += Foundation.log(actions[index] == 1 ? p : 1 - p)
        }
        return sum
      }
    }
    Formula([shape], in: -3...3) { _, x in
      distribution.entropy(of: distribution.logits(from: x[0]))
    }.check("entropy") { x in
      (0..<rows * environments).map { (row: Int) -> Double in
        var sum = 0.0
        for index in row * count..<(row + 1) * count {
          let p = probability(x[0][index])
          sum -= p * Foundation.log(p) + (1 - p) * Foundation.log(1 - p)
        }
        return sum
      }
    }
  }

  @Test func `a choice that is nearly certain overflows nowhere`() {
    let distribution = Bernoulli(count: 2)
    let formula = Formula([[1, 1, 2]]) { _, x in
      distribution.entropy(of: distribution.logits(from: x[0]))
    }
    let run = Formula.Run<Float>(formula, [90, -1e6])
    #expect(run.values.allSatisfy { $0 >= 0 && $0 < 1e-6 })
    #expect(run.gradients.allSatisfy { $0.isFinite })
  }

  @Test func `joint outcomes are drawn as often as their probabilities say`() throws {
    let scores = [0.0, 1.2]
    let (p, q) = (probability(scores[0]), probability(scores[1]))
    let expected = [(1 - p) * (1 - q), (1 - p) * q, p * (1 - q), p * q]
    for seed: UInt64 in [3000, 4000, 5000] {
      let drawn = try DrawnActions(.multiBinary(2), scores: scores.map { Float($0) }, seed: seed)
      let outcomes = drawn.actions(as: UInt8.self).map { Int($0[0] * 2 + $0[1]) }
      // χ² with 3 degrees of freedom exceeds 21.1 once in 10⁴.
      #expect(chiSquare(outcomes, expected) < 21.1, "seed \(seed)")
    }
  }

  @Test func `the mode is yes where yes is likelier, no of equals`() throws {
    let drawn = try DrawnActions(.multiBinary(3), scores: [0.1, -0.1, 0], choice: .greedy)
    #expect(drawn.actions(as: UInt8.self).allSatisfy { $0 == [1, 0, 0] })
  }

  @Test func `the learner finds what the worker said`() throws {
    let drawn = try DrawnActions(.multiBinary(3), scores: [0.3, -4, 1])
    let ratios = try drawn.ratios()
    #expect(ratios.allSatisfy { abs($0 - 1) < 1e-5 } && ratios.count == 20_000)
  }
}
