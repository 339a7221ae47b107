import Actor
import Rollout
import Testing

@testable import Learner

/// Tests of learning rates that are far too large, with every optimizer and algorithm.
struct DivergenceTests {
  static let optimizers: [(OptimizerKind, momentum: Double)] = [
    (.sgd, 0), (.sgd, 0.9), (.adam, 0), (.adamw, 0), (.rmsprop, 0),
  ]

  @Test(arguments: Algorithm.allCases, optimizers.indices)
  func `a learning rate of a million diverges at once and leaves weights that play`(
    algorithm: Algorithm, optimizer: Int
  ) throws {
    var configuration = TrainingConfiguration(algorithm)
    configuration.learningRate = 1e6
    (configuration.optimizer, configuration.momentum) = Self.optimizers[optimizer]
    try configuration.validate()
    let setup = try configuration.makeSetup(seed: 1)
    let rollout = try SameProcess(setup, fragmentsPerBatch: configuration.fragmentsPerBatch)
    defer { rollout.close() }
    let learner = try configuration.makeLearner(
      setup, batchLayout: rollout.batchLayout, valueParameters: [])
    let before = setup.weights.elements
    var outcome = UpdateOutcome.learned
    // Learning from replay starts after 1000 steps.
    for _ in 0..<1001 where outcome == .learned {
      rollout.publish(setup.weights)
      outcome = learner.learn(from: try rollout.next())
    }
    guard case .diverged = outcome else {
      Issue.record("\(outcome) and not diverged")
      return
    }
    #expect(learner.updateCount == 0)
    // The weights equal those before the first update bit for bit, except for what is scheduled.
    let scheduled = algorithm.scheduledBuffers(configuration).map(\.name)
    for entry in setup.parameters.entries where !scheduled.contains(entry.name) {
      #expect(entry.range.allSatisfy { setup.weights[$0] == before[$0] }, "\(entry.name)")
    }
    let evaluator = try Evaluator(
      environment: configuration.environment, policy: setup.policy, seed: 2)
    let mean = try evaluator.evaluate(setup.weights, episodes: 0..<2).meanReturn
    // Pendulum's lowest return is −3,254.
    #expect(mean >= (configuration.environment.id == "Pendulum-v1" ? -3300 : 5))
  }

  @Test(arguments: [ValueHead.none, .separate, .shared])
  func `a policy without chance or gradient is certain, whatever its value still learns`(
    value: ValueHead
  ) throws {
    let setup = try RolloutSetup(
      environment: "CartPole-v1", policy: NetworkPolicy(hidden: [8], value: value),
      environmentCount: 4, stepCount: 12, seed: 3)
    let rollout = try SameProcess(setup)
    defer { rollout.close() }
    let objective: any Objective = value == .none ? Reinforce() : AdvantageActorCritic()
    let update = try PolicyUpdate(
      setup.policy, objective, layout: rollout.batchLayout, weights: setup.weights,
      optimizer: SGD<Float>(count: setup.weights.count, learningRate: 0.01))
    rollout.publish(setup.weights)
    #expect(update.learn(from: try rollout.next().view) == .learned)
    let bias = try #require(setup.parameters.entries.first { $0.name == "logits.bias" }).range
    // e to the power of −1000 is 0.
    (setup.weights[bias.lowerBound], setup.weights[bias.lowerBound + 1]) = (500, -500)
    let before = setup.weights.elements
    rollout.publish(setup.weights)
    let outcome = update.learn(from: try rollout.next().view)
    // A value head moves the layers that it shares with the policy, so the policy can still change.
    #expect(outcome == (value == .shared ? .learned : .certain))
    #expect((setup.weights.elements == before) == (value == .none))
    (setup.weights[bias.lowerBound], setup.weights[bias.lowerBound + 1]) = (0.5, -0.5)
    rollout.publish(setup.weights)
    #expect(update.learn(from: try rollout.next().view) == .learned)
  }

  @Test func `the largest distance is that of a plain loop, and no number where one is none`() {
    var random = PCG64(seed: 4)
    for count in 0..<40 {
      let vectors = (0..<2).map { _ in FlatVector<Float>(repeating: 0, count: count) }
      for vector in vectors {
        for index in 0..<count { vector[index] = Float(random.uniform(-9, 9)) }
      }
      let range = min(1, count)..<count
      let expected = range.map { abs(vectors[0][$0] - vectors[1][$0]) }.max() ?? 0
      #expect(vectors[0].largestDistance(from: vectors[1], in: range) == expected)
      if count > 1 {
        vectors[1][count - 1] = .nan
        #expect(vectors[0].largestDistance(from: vectors[1], in: range).isNaN)
      }
    }
  }
}
