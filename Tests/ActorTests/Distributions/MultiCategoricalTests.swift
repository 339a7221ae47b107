import Foundation
import Rollout
import TestSupport
import Testing

@testable import Actor

/// Tests of MultiDiscrete distributions against the joint distribution written out.
struct MultiCategoricalTests {
  private func probabilities(_ scores: [Double], _ counts: [Int]) -> [[Double]] {
    columnRanges(counts).map { range in
      let weights = scores[range].map { Foundation.exp($0) }
      return weights.map { $0 / weights.reduce(0, +) }
    }
  }

  /// Returns the probability of every joint outcome, with the first choice slowest.
  private func joint(_ parts: [[Double]]) -> [Double] {
    parts.reduce([1]) { joint, part in joint.flatMap { p in part.map { p * $0 } } }
  }

  @Test(arguments: [[1], [4], [2, 3], [3, 1, 5], [2, 2, 2, 19]])
  func `log-probability and entropy are those of the joint distribution`(counts: [Int]) {
    let (rows, environments) = (2, 3)
    let total = counts.reduce(0, +)
    let distribution = MultiCategorical(counts: counts)
    #expect(distribution.scoreCount == total && distribution.logitCount == total)
    let actions = (0..<rows * environments).flatMap { (row: Int) -> [Int32] in
      counts.map { (count: Int) -> Int32 in Int32((row * 7 + 2) % count) }
    }
    Formula(
      [[rows, environments, total]], in: -2...2,
      indices: (actions, [rows, environments, counts.count])
    ) { _, x in
      distribution.logProbability(of: .leaf(x[1]), under: distribution.logits(from: x[0]))
    }.check("log-probability") { x in
      (0..<rows * environments).map { (row: Int) -> Double in
        let parts = probabilities(Array(x[0][row * total..<(row + 1) * total]), counts)
        var sum = 0.0
        for (choice, part) in parts.enumerated() {
          sum += Foundation.log(part[Int(actions[row * counts.count + choice])])
        }
        return sum
      }
    }
    Formula([[rows, environments, total]], in: -2...2) { _, x in
      distribution.entropy(of: distribution.logits(from: x[0]))
    }.check("entropy") { x in
      (0..<rows * environments).map { (row: Int) -> Double in
        let parts = probabilities(Array(x[0][row * total..<(row + 1) * total]), counts)
        return joint(parts).reduce(0.0) { $0 - $1 * Foundation.log($1) }
      }
    }
  }

  @Test func `joint outcomes are drawn as often as their probabilities say`() throws {
    let counts = [2, 3]
    let scores = [0.3, -0.4, 1, 0, -1.5]
    let expected = joint(probabilities(scores, counts))
    for seed: UInt64 in [3000, 4000, 5000] {
      let drawn = try DrawnActions(
        .multiDiscrete(counts), scores: scores.map { Float($0) }, seed: seed)
      let outcomes = drawn.actions(as: Int32.self).map { Int($0[0] * 3 + $0[1]) }
      // χ² with 5 degrees of freedom exceeds 25.7 once in 10⁴.
      #expect(chiSquare(outcomes, expected) < 25.7, "seed \(seed)")
    }
  }

  @Test func `the mode is the likeliest of each choice, the first of equals`() throws {
    let drawn = try DrawnActions(
      .multiDiscrete([2, 3, 2]), scores: [0, 1, 2, -1, 2.5, 4, 4], choice: .greedy)
    #expect(drawn.actions(as: Int32.self).allSatisfy { $0 == [1, 2, 0] })
  }

  @Test func `the learner finds what the worker said`() throws {
    let drawn = try DrawnActions(.multiDiscrete([2, 3]), scores: [0.3, -0.4, 1, 0, -1.5])
    let ratios = try drawn.ratios()
    #expect(ratios.allSatisfy { abs($0 - 1) < 1e-5 } && ratios.count == 20_000)
  }
}
