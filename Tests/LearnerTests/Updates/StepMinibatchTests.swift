import Actor
import Glibc
import Learner
import Rollout
import TestSupport
import Testing

/// Minibatches with advantages that are made once for the batch, mostly of single steps.
struct StepMinibatchTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var unit: MinibatchUnit
    /// The number of environments or steps in a minibatch.
    var size: Int
    var scope: NormalizationScope?
    var sticky = false

    var testDescription: String {
      "\(size) \(unit) over \(scope?.rawValue ?? "nothing")\(sticky ? ", sticky" : "")"
    }
  }

  // A batch has 16 steps of 6 environments.
  static let cases = [
    Case(unit: .steps, size: 24, scope: .minibatch), Case(unit: .steps, size: 24, scope: .batch),
    Case(unit: .steps, size: 24), Case(unit: .steps, size: 17, scope: .minibatch),
    Case(unit: .steps, size: 96, scope: .batch), Case(unit: .environments, size: 2, scope: .batch),
    Case(unit: .environments, size: 4, scope: .batch),
    Case(unit: .environments, size: 3, scope: .minibatch),
    Case(unit: .steps, size: 24, scope: .minibatch, sticky: true),
    Case(unit: .steps, size: 24, scope: .batch, sticky: true),
  ]

  @Test(arguments: cases)
  func `a batch moves the weights as the definition in Double does`(this: Case) throws {
    let setup = try RolloutSetup(
      environment: EnvironmentConfiguration("CartPole-v1", limit: .steps(11)),
      policy: NetworkPolicy(inputs: [.obs], hidden: [], value: .shared), environmentCount: 6,
      stepCount: 16,
      sticky: this.sticky, seed: 5)
    #expect(
      setup.parameters.entries.map(\.name)
        == ["logits.weight", "logits.bias", "value.weight", "value.bias"])
    let settings = ActorCriticSettings(
      discount: 0.97, lambda: 0.9, normalizesAdvantages: this.scope != nil,
      normalizationScope: this.scope ?? .minibatch)
    let rollout = try SameProcess(setup)
    let learner = try learner(
      setup.policy, ProximalPolicy(settings), rollout.batchLayout, setup.weights, this.unit,
      this.size, rate: 0.01,
      hasEstimates: this.unit == .steps || this.scope == .batch)
    var twin = ProximalTwin(
      weights: setup.weights.elements.map { Double($0) }, settings, epochs: 2, size: this.size,
      of: this.unit)
    for _ in 0..<3 {
      rollout.publish(setup.weights)
      let batch = try rollout.next().view
      #expect(learner.learn(from: batch) == .learned)
      twin.learn(from: batch)
    }
    #expect(learner.updateCount == twin.updateCount && learner.stepCount == 3 * 96)
    // Up to 30 steps of at most 0.01, whose rounding in Float is 1e-7 of each.
    let difference = firstDifference(
      setup.weights.elements.map { Double($0) }, twin.weights, absolute: 2e-5)
    #expect(difference == nil, "\(difference ?? "")")
  }

  @Test(arguments: [
    ("minibatch", NormalizationScope.minibatch, Double.infinity), ("batch", .batch, .infinity),
    ("value_clip", .minibatch, 0.2),
  ])
  func `an update of a network is NumPy's`(
    name: String, scope: NormalizationScope, valueClip: Double
  ) throws {
    let reference = try Reference("ppo_update")
    let policy = NetworkPolicy(inputs: [.obs], hidden: [8], activation: .tanh, value: .separate)
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [4], low: -10, high: 10), action: .discrete(3))
    let signature = try PolicySignature(policy, for: spaces)
    let layout = FragmentLayout(
      stepCount: 6, environmentCount: 3, contents: signature.contents(spaces))
    let storage = FragmentStorage(layout)
    fill(storage.view, from: reference)
    let weights = FlatVector<Float>(
      signature.parameters.entries.flatMap {
        reference["parameters", $0.name].numbers.map { Float($0) }
      })
    let objective = ProximalPolicy(
      ActorCriticSettings(
        discount: 0.97, lambda: 0.9, normalizesAdvantages: true, normalizationScope: scope),
      ClippedSurrogate(clip: 0.2, valueClip: valueClip))
    let learner = try learner(policy, objective, layout, weights, .steps, 5, rate: 0.003)
    #expect(learner.learn(from: storage.view) == .learned)
    #expect(learner.updateCount == 6)
    let losses = reference[name, "losses"].numbers
    #expect(isClose(Double(learner.lastLoss), losses[5], relative: 1e-5))
    for entry in signature.parameters.entries {
      // Six steps of about 0.003.
      let difference = firstDifference(
        entry.range.map { Double(weights[$0]) }, reference[name, "parameters", entry.name].numbers,
        absolute: 2e-6)
      #expect(difference == nil, "\(entry.name) \(difference ?? "")")
    }
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `passes over single steps need no memory`() async {
    await #expect(processExitsWith: .success) {
      let setup = try RolloutSetup(
        environment: "CartPole-v1", policy: NetworkPolicy(hidden: [8], value: .separate),
        environmentCount: 4, stepCount: 8, seed: 5)
      let learner = try StepMinibatchTests().learner(
        setup.policy, ProximalPolicy(), setup.layout, setup.weights, .steps, 7, rate: 0.001)
      let batch = try SameProcess(setup).next().view
      learner.learn(from: batch)
      Exhaustion.exhaustMemory()
      for _ in 0..<100 {
        guard learner.learn(from: batch) == .learned else { _exit(1) }
      }
      _exit(0)
    }
  }

  @Test func `an objective without estimates of its own has no minibatches of steps`() throws {
    let setup = try RolloutSetup(
      environment: "CartPole-v1", policy: NetworkPolicy(), environmentCount: 2, stepCount: 4,
      seed: 5)
    let error = #expect(throws: PolicyError.self) {
      try BatchEstimates(
        setup.policy, Reinforce(), layout: setup.layout, weights: setup.weights)
    }
    #expect(
      error?.description.hasPrefix("the objective 'reinforce' makes its estimates within the loss")
        == true)
  }

  private func learner(
    _ policy: any Policy, _ objective: ProximalPolicy, _ layout: FragmentLayout,
    _ weights: FlatVector<Float>, _ unit: MinibatchUnit, _ size: Int, rate: Float,
    hasEstimates: Bool = true
  ) throws -> MinibatchLearner {
    let count = layout.environmentCount * (unit == .steps ? layout.stepCount : 1)
    return try MinibatchLearner(
      epochs: 2, minibatchCount: count / size, of: unit, minibatchSize: size, batchLayout: layout,
      random: PCG64(seed: 3),
      estimates: hasEstimates
        ? try BatchEstimates(policy, objective, layout: layout, weights: weights) : nil
    ) { part in
      try PolicyUpdate(
        policy, objective, layout: part, weights: weights,
        optimizer: Adam<Float>(count: weights.count, learningRate: rate, epsilon: 1e-5),
        maximumGradientNorm: 0.5)
    }
  }

  private func fill(_ batch: FragmentView, from reference: Reference) {
    func numbers(_ name: String) -> [Float] { reference[name].numbers.map { Float($0) } }
    let (obs, act, rew) = (numbers("obs"), numbers("act"), numbers("rew"))
    let (logits, value, final) = (numbers("logits"), numbers("value"), numbers("final_value"))
    let (terminated, truncated) = (numbers("terminated"), numbers("truncated"))
    for place in 0..<7 * 3 {
      let (t, b) = (place / 3, place % 3)
      for index in 0..<4 { batch.obs(as: Float.self)[t, b, index] = obs[4 * place + index] }
      for index in 0..<3 { batch.actor("logits")?[t, b, index] = logits[3 * place + index] }
      batch.act(as: Int32.self)[t, b] = Int32(act[place])
      batch.rew[t, b] = rew[place]
      batch.actor("value")?[t, b] = value[place]
      guard t < 6 else { continue }
      batch.terminated[t, b] = terminated[place] == 1
      batch.truncated[t, b] = truncated[place] == 1
      batch.fin[t + 1, b] = batch.terminated[t, b] || batch.truncated[t, b]
      batch.final("value")?[t, b] = final[place]
    }
  }
}
