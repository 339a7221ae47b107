import Foundation
import Rollout
import Testing

@testable import Learner

struct StandstillTests {
  private func result(_ returns: [Double]) -> EvaluationResult {
    EvaluationResult(returns: returns, lengths: returns.map { _ in 3 })
  }

  /// A monitor after 100 batches with 4.9 % of the largest entropy.
  private func certain(batches: Int = 100) -> Standstill {
    var standstill = Standstill()
    for _ in 0..<batches { standstill.note(entropy: 0.049 * log(12), largest: log(12)) }
    return standstill
  }

  /// Returns the number of the evaluation that is reported; nil if none of six equal ones is.
  private func reported(
    _ standstill: Standstill, _ returns: [Double], threshold: Double? = nil
  ) -> Int? {
    var standstill = standstill
    return (1...6).first {
      standstill.note(result(returns), threshold: threshold, at: 1000 * $0) != nil
    }
  }

  @Test func `a policy that is certain and acts as before is said once, also after a state`() throws
  {
    var standstill = certain(batches: 240)
    for _ in 0..<3 {
      #expect(standstill.note(result([0, -2, 0, 0]), threshold: nil, at: 600) == nil)
    }
    #expect(
      standstill.note(result([0, -2, 0, 0]), threshold: nil, at: 250_880)
        == "the policy is nearly certain of its actions and stands still: its entropy was below "
        + "5 % of that of even chances in 240 batches in a row, and up to step 250,880 4 "
        + "evaluations in a row gave the same return in every episode, -2.0 to 0.0, -0.5 on "
        + "average; an action that is no longer tried is not learned: if this can be better, start "
        + "a new run with a higher --entropy-cost or a lower --learning-rate")
    var read = try JSONDecoder().decode(
      Standstill.self, from: try JSONEncoder().encode(standstill))
    #expect(read == standstill && read.isSound)
    #expect(read.note(result([0, -2, 0, 0]), threshold: nil, at: 300_800) == nil)
  }

  @Test func `a task that is solved is not reported`() {
    #expect(reported(certain(), [0, 0, 0, 0]) == nil)
    #expect(reported(certain(), [500, 490], threshold: 475) == nil)
    #expect(reported(certain(), [-200, -200], threshold: -110) == 4)
    // Alike, but one of an earlier evaluation was better.
    var standstill = certain()
    _ = standstill.note(result([0, -2]), threshold: nil, at: 600)
    #expect(reported(standstill, [-2, -2]) == 4)
  }

  @Test func `a policy that still changes, or tries other actions, is not reported`() {
    #expect(reported(certain(batches: 99), [0, -2]) == nil)
    #expect(reported(Standstill(), [0, -2]) == nil)
    var standstill = certain()
    standstill.note(entropy: 0.051 * log(12), largest: log(12))
    #expect(reported(standstill, [0, -2]) == nil)
    standstill = certain()
    standstill.note(entropy: -3, largest: nil)
    #expect(reported(standstill, [0, -2]) == nil)
    standstill = certain()
    for step in 1...8 {
      let returns = step.isMultiple(of: 4) ? [0.0, -2] : [-2, 0]
      #expect(standstill.note(result(returns), threshold: nil, at: step) == nil)
    }
    #expect(reported(certain(), [0, .nan]) == nil)
  }

  @Test func `even chances have the entropy of all parts of an action`() throws {
    #expect(Space.discrete(12).largestEntropy == log(12))
    #expect(
      Space.tuple([.multiDiscrete([2, 3]), .multiBinary(2)]).largestEntropy
        == log(2) + log(3) + 2 * log(2))
    #expect(Space.box(shape: [2], low: -1, high: 1).largestEntropy == nil)
  }
}
