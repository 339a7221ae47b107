import Actor
import Rollout
import Testing

@testable import Learner

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

  @Test func `a policy with critics acts with published weights, and resumes earlier ones`() throws
  {
    let setup = try RolloutSetup(
      environment: "Pendulum-v1", policy: TwinCriticPolicy(NetworkPolicy(hidden: [7])),
      environmentCount: 3, stepCount: 4, seed: 5)
    var random = PCG64(seed: 6)
    func collect(_ rollout: SameProcess) throws -> [Float] {
      for index in 0..<setup.weights.count { setup.weights[index] = Float(random.standardNormal()) }
      rollout.publish(setup.weights)
      return try #require(rollout.next().view.actor("logits")).elements
    }
    let rollout = try SameProcess(setup)
    // The first batch is collected with the first weights.
    _ = try rollout.next()
    let graph = Graph()
    let fragment = TracedFragment(graph, rollout.batchLayout)
    let reaction = try setup.policy.react(
      to: fragment.current,
      choosing: setup.policy.distribution(for: setup.layout.contents.spaces.action), in: graph)
    let executor = Executor<Float>(graph, outputs: [reaction.logits], weights: setup.weights)
    var earlier: [Float] = []
    for _ in 0..<3 {
      let recorded = try collect(rollout)
      executor.weightsChanged()
      executor.bind(try rollout.next().view)
      executor.forward()
      let logits = executor.values(of: reaction.logits)
      #expect(logits != earlier && logits != Array(recorded.prefix(logits.count)))
      // Published weights stay until others are.
      let again = try rollout.next().view
      executor.bind(again)
      executor.forward()
      #expect(
        executor.values(of: reaction.logits)
          == Array(try #require(again.actor("logits")).elements.prefix(logits.count)))
      earlier = logits
    }

    let lagging = try SameProcess(setup, lag: 2)
    for _ in 0..<4 { _ = try collect(lagging) }
    var state = try #require(lagging.state)
    let (newest, next) = (setup.weights.elements, try collect(lagging))
    #expect(
      state.earlierWeights.map(\.count) == [setup.actingWeightCount, setup.actingWeightCount])
    #expect(setup.actingWeightCount < setup.weights.count)
    // Earlier releases saved all weights.
    let others = setup.weights.count - setup.actingWeightCount
    for longer in [0, others] {
      for index in state.earlierWeights.indices {
        state.earlierWeights[index] += Array(repeating: 0.5, count: longer)
      }
      setup.weights.assign(newest)
      let resumed = try SameProcess(setup, lag: 2, resuming: state)
      #expect(try #require(resumed.next().view.actor("logits")).elements == next)
    }
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
