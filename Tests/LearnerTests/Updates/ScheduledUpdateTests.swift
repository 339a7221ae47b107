import Actor
import Glibc
import Learner
import Rollout
import TestSupport
import Testing

/// Tests of learning rates and entropy costs that change with each update.
struct ScheduledUpdateTests {
  private static let perUpdate = 200

  private func make(
    _ figures: ReinforceFigures, _ weights: FlatVector<Float>, entropyCost: Schedule,
    learningRate: Schedule?, optimizer: any Optimizer<Float>
  ) throws -> PolicyUpdate {
    var objective = figures.objective
    objective.entropyCost = entropyCost
    let layout = try figures.layout
    #expect(layout.stepCount * layout.environmentCount == Self.perUpdate)
    return try PolicyUpdate(
      ReinforceFigures.policy, objective, layout: layout, weights: weights, optimizer: optimizer,
      learningRate: learningRate, totalSteps: 4 * Self.perUpdate)
  }

  @Test func `each update goes by the values that are in force`() throws {
    let figures = try ReinforceFigures("reinforce_1")
    let view = try figures.storage().view
    let rates = Schedule.linear(from: 0.5, to: 0)
    let costs = Schedule.exponential(from: 1, to: 0.0625)
    let weights = try PolicyUpdateTests.weights(figures)
    let scheduled = try make(
      figures, weights, entropyCost: costs, learningRate: rates,
      optimizer: SGD<Float>(count: weights.count, learningRate: 9))
    let expected = try PolicyUpdateTests.weights(figures)
    for update in 0..<4 {
      let (rate, cost) = (0.5 - 0.125 * Double(update), 1 / Double(1 << update))
      // A separate update with these values as constants.
      let constant = try make(
        figures, expected, entropyCost: .constant(cost), learningRate: nil,
        optimizer: SGD<Float>(count: weights.count, learningRate: Float(rate)))
      #expect(constant.learn(from: view) == .learned)
      #expect(scheduled.learn(from: view) == .learned)
      // `pow` may be off by an ulp of Double, which rarely changes the result rounded to Float.
      let difference = firstDifference(
        weights.elements.map { Double($0) }, expected.elements.map { Double($0) }, absolute: 1e-6)
      #expect(difference == nil, "update \(update): \(difference ?? "")")
      let metrics = scheduled.takeMetrics()
      #expect(metrics.suffix(2).map(\.name) == ["learning_rate", "entropy_cost"])
      #expect(metrics[metrics.count - 2].value == rate)
      #expect(isClose(metrics[metrics.count - 1].value, cost, relative: 1e-15))
      #expect(constant.takeMetrics().allSatisfy { $0.name != "entropy_cost" })
    }
  }

  @Test func `PPO's clip follows its schedule`() throws {
    let setup = try RolloutSetup(
      environment: "CartPole-v1", policy: NetworkPolicy(hidden: [8], value: .shared),
      environmentCount: 4, stepCount: 10, seed: 5)
    let batch = try SameProcess(setup).next()
    // Another policy than that of collection, with ratios beyond every clip.
    for entry in setup.parameters.entries where entry.name.hasPrefix("logits.") {
      for index in entry.range { setup.weights[index] += index.isMultiple(of: 2) ? 0.3 : -0.4 }
    }
    func loss(_ clip: Schedule) throws -> LossFunction {
      try LossFunction(
        setup.policy, ProximalPolicy(ActorCriticSettings(), ClippedSurrogate(clip: clip)),
        layout: batch.layout, weights: setup.weights, totalSteps: 400)
    }
    let scheduled = try loss(.linear(from: 0.3, to: 0.1))
    for (step, clip) in [(0, 0.3), (200, 0.2), (400, 0.1)] {
      let constant = try loss(.constant(clip))
      let (changing, fixed) = (scheduled(batch, at: step), constant(batch, at: step))
      #expect(isClose(changing["clip"] ?? .nan, clip, relative: 1e-12))
      #expect(fixed["clip"] == nil && fixed["clip_fraction"] ?? 0 > 0)
      #expect(changing["clip_fraction"] == fixed["clip_fraction"])
      #expect(isClose(Double(changing.value), Double(fixed.value), relative: 1e-6))
      for function in [scheduled, constant] { function.zeroGradients() }
      changing.backward()
      fixed.backward()
      let difference = firstDifference(
        scheduled.gradients.elements.map { Double($0) },
        constant.gradients.elements.map { Double($0) }, absolute: 1e-6)
      #expect(difference == nil, "\(difference ?? "")")
    }
  }

  @Test func `of several updates the newest values are reported`() throws {
    let figures = try ReinforceFigures("reinforce_1")
    let view = try figures.storage().view
    let weights = try PolicyUpdateTests.weights(figures)
    let update = try make(
      figures, weights, entropyCost: 0.01, learningRate: .linear(from: 0.5, to: 0),
      optimizer: SGD<Float>(count: weights.count, learningRate: 1))
    for _ in 0..<3 { update.learn(from: view) }
    let metrics = update.takeMetrics()
    #expect(metrics.last?.name == "learning_rate" && metrics.last?.value == 0.25)
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `an update by schedules and one that is skipped need no memory`() async {
    await #expect(processExitsWith: .success) {
      let figures = try ReinforceFigures("reinforce_1")
      var objective = figures.objective
      objective.entropyCost = .cosine(from: 0.1, to: 0)
      let storage = try figures.storage()
      let weights = try PolicyUpdateTests.weights(figures)
      let update = try PolicyUpdate(
        ReinforceFigures.policy, objective, layout: storage.layout, weights: weights,
        optimizer: RMSProp<Float>(count: weights.count, learningRate: 0, momentum: 0.9),
        learningRate: .exponential(from: 1e-3, to: 1e-6), totalSteps: 1_000_000)
      let (view, rewards) = (storage.view, storage.view.rew)
      update.learn(from: view)
      Exhaustion.exhaustMemory()
      for turn in 0..<1000 {
        rewards[1, 0] = turn % 2 == 0 ? .nan : 1
        guard update.learn(from: view) == (turn % 2 == 0 ? .skipped : .learned) else { _exit(1) }
      }
      _exit(0)
    }
  }

  @Test func `a value of its own rate moves by it, and nothing else does`() throws {
    var configuration = TrainingConfiguration()
    configuration.baseline = .value
    configuration.sharedTorso = false
    configuration.optimizer = .sgd
    configuration.learningRate = .linear(from: 0.02, to: 0)
    configuration.valueLearningRate = 0.005
    try configuration.validate()
    let setup = try configuration.makeSetup(seed: 1)
    let layers = try LayerTable(setup.policy, for: setup.layout.contents.spaces)
    let groups = configuration.makeOptimizer(
      setup.parameters, valueParameters: layers.valueParameters
    ).groups
    for entry in setup.parameters.entries {
      let factor = entry.name.hasPrefix("critic.") || entry.name.hasPrefix("value.") ? 0.25 : 1
      let group = groups.first { $0.range.contains(entry.offset) }
      #expect(group?.rateFactor == factor, "\(entry.name)")
    }
  }
}
