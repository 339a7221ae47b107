import Rollout
import Testing

@testable import Actor
@testable import Learner

/// What collected fragments say of observations at which a real environment's limit cut, and what the learner makes of them.
struct FinalValueTests {
  /// Makes the cut on the step from row t one that did not happen: the episode goes on with its last observation.
  private func undoCut(_ fragment: FragmentView, _ t: Int, _ environment: Int) throws {
    let final: ColumnView<Float> = fragment.column(
      try #require(fragment.layout.finalObs.value))
    let obs = fragment.obs(as: Float.self)
    for element in 0..<final.elementCount {
      obs[t + 1, environment, element] = final[t, environment, element]
    }
    fragment.stepno[t + 1, environment] = fragment.stepno[t, environment] + 1
    fragment.fin[t + 1, environment] = false
  }

  private static let policies = [
    NetworkPolicy(hidden: [8], value: .separate),
    NetworkPolicy(
      inputs: [.obs, .act, .rew, .fin, .stepno], hidden: [6], recurrent: .lstm, recurrentSize: 7,
      value: .shared),
    NetworkPolicy(hidden: [], recurrent: .gru, recurrentSize: 5, value: .shared),
  ]

  @Test(arguments: policies, [false, true])
  func `a cut's value is the value of the episode going on`(
    policy: NetworkPolicy, sticky: Bool
  ) throws {
    let setup = try RolloutSetup(
      environment: EnvironmentChoice("CartPole-v1", limit: .steps(7)), policy: policy,
      environmentCount: 5, stepCount: 12, sticky: sticky, seed: 8)
    let rollout = try SameProcess(setup, fragmentsPerBatch: 1, lag: 0)
    defer { rollout.close() }
    let rerun = try ValueRerun(setup, rollout.batchLayout)
    let copy = FragmentBatch(1, of: rollout.batchLayout)
    var cuts = 0
    for turn in 0..<4 {
      // Other weights for each further fragment: what is derived from them must follow.
      for index in 0..<setup.weights.count where turn > 0 { setup.weights[index] *= 1.1 }
      let batch = try rollout.next().view
      let final = try #require(batch.final("value"))
      for t in 0..<12 {
        for b in 0..<5 where batch.truncated[t, b] {
          copy.gather(batch, at: 0)
          try undoCut(copy.view, t, b)
          let expected = rerun.run(copy.view)[(t + 1) * 5 + b]
          // The same sums over at most 20 inputs, each rounded at 6e-8, in another order at worst.
          #expect(abs(final[t, b] - expected) < 1e-5, "row \(t), environment \(b)")
          cuts += 1
        }
      }
    }
    // Every environment is cut at least once in a fragment without sticky, and sometimes with it.
    #expect(cuts >= (sticky ? 10 : 15))
  }
}
