import Actor
import Rollout
import TestSupport
import Testing

@testable import Learner

/// Tests of the learner's value estimate of the state behind a fragment's last row.
struct BootstrapTests {
  static let policies: [NetworkPolicy] = [
    NetworkPolicy(hidden: [8], activation: .tanh, value: .shared),
    NetworkPolicy(hidden: [8], activation: .tanh, value: .separate),
    NetworkPolicy(
      hidden: [6], activation: .tanh, recurrent: .gru, recurrentSize: 7, value: .separate),
    NetworkPolicy(hidden: [], recurrent: .lstm, recurrentSize: 5, value: .shared),
  ]

  static let objectives: [any Objective] = [
    Reinforce(baseline: .value), AdvantageActorCritic(), ProximalPolicy(), VTraceActorCritic(),
    AsynchronousProximalPolicy(),
  ]

  /// Returns a collector of fragments of 12 steps of 4 environments, with its setup.
  ///
  /// Episodes have at most 9 steps. Four full ones end at the last row of the third fragment.
  private func rollout(_ policy: NetworkPolicy) throws -> (RolloutSetup, SameProcess) {
    let setup = try RolloutSetup(
      environment: EnvironmentConfiguration("CartPole-v1", limit: .steps(9)), policy: policy,
      environmentCount: 4, stepCount: 12, seed: 6)
    return (setup, try SameProcess(setup, fragmentsPerBatch: 1, lag: 0))
  }

  /// The learner's value estimates of row T with its current weights.
  private struct End {
    let executor: Executor<Float>
    let value: Tensor

    init(_ setup: RolloutSetup, _ layout: FragmentLayout) throws {
      let graph = Graph()
      let fragment = TracedFragment(graph, layout)
      let distribution = Categorical(count: 2)
      let reaction = try setup.policy.react(
        to: fragment.current, choosing: distribution, in: graph)
      let own = try fragment.bootstrapping(
        from: setup.policy, after: reaction, choosing: distribution, in: graph)
      value = try #require(StateValues(reaction.information[0].tensor, of: own)).last
      executor = Executor(graph, outputs: [value], weights: setup.weights)
    }

    func run(_ fragment: FragmentView) -> [Float] {
      executor.weightsChanged()
      executor.bind(fragment)
      executor.forward()
      return executor.values(of: value)
    }
  }

  @Test(arguments: policies)
  func `it is the actor's with equal weights, and that of a run over all rows with others`(
    policy: NetworkPolicy
  ) throws {
    let (setup, rollout) = try rollout(policy)
    defer { rollout.close() }
    let end = try End(setup, rollout.batchLayout)
    let rerun = try ValueRerun(setup, rollout.batchLayout)
    var resets = 0
    for turn in 0..<5 {
      rollout.publish(setup.weights)
      let batch = try rollout.next().view
      let said = try #require(batch.actor("value"))
      // The same sums of at most 20 inputs, each rounded at 6e-8, at worst in another order.
      let same = end.run(batch)
      for b in 0..<4 {
        #expect(abs(same[b] - said[12, b]) < 1e-5, "turn \(turn), environment \(b)")
        if batch.fin[12, b] { resets += 1 }
      }
      for index in 0..<setup.weights.count { setup.weights[index] *= 1.2 }
      let (moved, expected) = (end.run(batch), rerun.run(batch).suffix(4))
      for (b, value) in expected.enumerated() {
        #expect(abs(moved[b] - value) < 1e-5, "turn \(turn), environment \(b)")
        #expect(abs(moved[b] - said[12, b]) > 1e-4, "turn \(turn), environment \(b)")
      }
    }
    // Row T sometimes begins an episode, where the recurrent state has to be reset.
    #expect((3...10).contains(resets))
  }

  @Test(arguments: policies.indices, objectives.indices)
  func `a step is that of an actor who had said the same, bit for bit`(
    policy: Int, objective: Int
  ) throws {
    let (setup, rollout) = try rollout(Self.policies[policy])
    defer { rollout.close() }
    let batch = try rollout.next().view
    for index in 0..<setup.weights.count { setup.weights[index] *= 1.2 }
    let before = setup.weights.elements
    func step(_ bootstrap: Bootstrap) throws -> [UInt32] {
      setup.weights.assign(before)
      let update = try PolicyUpdate(
        setup.policy, Self.objectives[objective], bootstrap: bootstrap,
        layout: rollout.batchLayout, weights: setup.weights,
        optimizer: SGD<Float>(count: setup.weights.count, learningRate: 0.1))
      #expect(update.learn(from: batch) == .learned)
      return setup.weights.elements.map(\.bitPattern)
    }
    let (own, recorded) = (try step(.learner), try step(.actor))
    let matters = own != recorded
    #expect(matters)
    setup.weights.assign(before)
    let values = try End(setup, rollout.batchLayout).run(batch)
    let said = try #require(batch.actor("value"))
    for (b, value) in values.enumerated() { said[12, b] = value }
    let agrees = try step(.actor) == own
    #expect(agrees)
  }

  /// The loss Σ v_t² + Σ v_T²; only the first sum, which is reported, has a gradient.
  private struct Sums: Objective {
    static let name = "sums"

    func loss(
      of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
    ) throws(PolicyError) -> TracedLoss {
      let estimates = try ValueEstimates(of: fragment, reaction)
      let rows = estimates.values.squared().sum()
      return TracedLoss(
        rows + estimates.known.last.squared().sum(),
        metrics: [.init(name: "rows", tensor: rows, summary: .mean)])
    }
  }

  @Test(arguments: policies)
  func `no gradient passes through row T`(policy: NetworkPolicy) throws {
    let (setup, rollout) = try rollout(policy)
    defer { rollout.close() }
    let graph = Graph()
    let fragment = TracedFragment(graph, rollout.batchLayout)
    let distribution = Categorical(count: 2)
    let reaction = try setup.policy.react(
      to: fragment.current, choosing: distribution, in: graph)
    let loss = try Sums().loss(
      of: fragment.bootstrapping(
        from: setup.policy, after: reaction, choosing: distribution, in: graph),
      reaction: reaction, distribution: distribution)
    let rows = loss.metrics[0].tensor
    let executor = Executor<Double>(graph, outputs: [rows], loss: loss.loss)
    executor.weights.assign(setup.weights.elements.map { Double($0) })
    let batch = try rollout.next().view
    func run() -> Double {
      executor.weightsChanged()
      executor.bind(batch)
      executor.forward()
      return executor.value(of: rows)
    }
    let sum = run()
    #expect(executor.value(of: loss.loss) > sum)
    executor.backward()
    let gradients = executor.gradients.elements
    let step = 1e-5
    let differences = gradients.indices.map { index in
      let before = executor.weights[index]
      let sides = [step, -step].map { move in
        executor.weights[index] = before + move
        return run()
      }
      executor.weights[index] = before
      return (sides[0] - sides[1]) / (2 * step)
    }
    #expect(gradients.contains { $0 != 0 })
    // 48 squares near 1 with h = 1e-5: h²/6 times the third derivative, and rounding, make up at
    // most 1e-8.
    let difference = firstDifference(gradients, differences, absolute: 1e-7, relative: 1e-6)
    #expect(difference == nil, "\(difference ?? "")")
  }
}
