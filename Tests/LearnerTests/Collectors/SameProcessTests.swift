import Actor
import Learner
import Rollout
import Testing

/// Tests of collecting between updates in the learner's process.
struct SameProcessTests {
  @Test func `on-policy the learner says what the actor said, bit for bit`() throws {
    let setup = try Collection.setup()
    let rollout = try SameProcess(setup, fragmentsPerBatch: 3)
    let update = try Collection.update(setup, rollout)
    let graph = Graph()
    let fragment = TracedFragment(graph, rollout.batchLayout)
    let reaction = try setup.policy.react(
      to: fragment.current, choosing: Categorical(count: 2), in: graph)
    let executor = Executor<Float>(graph, outputs: [reaction.logits], weights: setup.weights)
    for turn in 0..<5 {
      rollout.publish(setup.weights)
      let batch = try rollout.next()
      executor.weightsChanged()
      executor.bind(batch.view)
      executor.forward()
      let recorded = try #require(batch.view.actor("logits")).elements
      let said = executor.values(of: reaction.logits)
      // A row's result does not depend on other rows: the learner's run of the whole batch agrees
      // with the actor's runs of 4 environments.
      #expect(
        said.map(\.bitPattern) == recorded.prefix(said.count).map(\.bitPattern), "turn \(turn)")
      update.learn(from: batch.view)
      let metrics = Dictionary(
        uniqueKeysWithValues: update.takeMetrics().map { ($0.name, $0.value) })
      #expect(metrics["rho_mean"] == 1 && metrics["rho_max"] == 1)
    }
    #expect(rollout.progress.lagLargest == 0 && rollout.progress.turns == 5)
  }

  @Test func `a policy of one process need not be registered, one of workers has to be`() throws {
    let setup = try RolloutSetup(
      environment: "CartPole-v1", policy: Unregistered(), environmentCount: 4, stepCount: 12,
      seed: 3)
    let rollout = try SameProcess(setup)
    #expect(try rollout.next().view.rew[1, 0] == 1)
    let error = #expect(throws: PolicyError.self) {
      try MultiWorker(setup, actorCount: 1, bufferCount: 2)
    }
    #expect(error?.description.contains("'unregistered' is not registered") == true)
  }

  private struct Unregistered: Policy {
    static let kind = "unregistered"

    func react(
      to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
    ) throws(PolicyError) -> Reaction {
      try NetworkPolicy().react(to: state, choosing: distribution, in: graph)
    }
  }

  @Test func `fragments of one batch follow one another`() throws {
    let rollout = try SameProcess(try Collection.setup(), fragmentsPerBatch: 2)
    let view = try rollout.next().view
    let obs = view.obs(as: Float.self)
    for b in 0..<4 {
      #expect(view.stepno[12, b] == view.stepno[0, b + 4])
      for i in 0..<4 { #expect(obs[12, b, i] == obs[0, b + 4, i]) }
      #expect(view.fin[0, b] && view.rew[0, b] == 0 && view.stepno[0, b] == 0)
    }
  }
}
