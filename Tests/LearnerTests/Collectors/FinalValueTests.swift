import Actor
import Learner
import Rollout
import Testing

/// Tests of recorded value estimates of final observations against the learner's.
///
/// The episodes are truncated by the time limit of a real environment.
struct FinalValueTests {
  /// Undoes the truncation after row t: the episode continues with its final observation.
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
      environment: EnvironmentConfiguration("CartPole-v1", limit: .steps(7)), policy: policy,
      environmentCount: 5, stepCount: 12, sticky: sticky, seed: 8)
    let rollout = try SameProcess(setup, fragmentsPerBatch: 1, lag: 0)
    defer { rollout.close() }
    let rerun = try ValueRerun(setup, rollout.batchLayout)
    let copy = FragmentBatch(1, of: rollout.batchLayout)
    var cuts = 0
    for turn in 0..<4 {
      // Each further fragment has other weights, from which all derived data must be updated.
      for index in 0..<setup.weights.count where turn > 0 { setup.weights[index] *= 1.1 }
      rollout.publish(setup.weights)
      let batch = try rollout.next().view
      let final = try #require(batch.final("value"))
      for t in 0..<12 {
        for b in 0..<5 where batch.truncated[t, b] {
          copy.gather(batch, at: 0)
          try undoCut(copy.view, t, b)
          let expected = rerun.run(copy.view)[(t + 1) * 5 + b]
          // The same sums of at most 20 inputs, each rounded at 6e-8, at worst in another order.
          #expect(abs(final[t, b] - expected) < 1e-5, "row \(t), environment \(b)")
          cuts += 1
        }
      }
    }
    // If no pole falls earlier, an environment is truncated at least once per fragment without
    // sticky, and once with it.
    #expect(cuts >= (sticky ? 10 : 15))
  }
}
