import Actor
import Learner
import Rollout
import TestSupport
import Testing

/// Tests of the learners of SAC and TD3: the order of their updates, and their warm-up.
struct TwinCriticLearnerTests {
  private static func configuration(_ algorithm: Algorithm) -> TrainingConfiguration {
    var configuration = TrainingConfiguration(algorithm)
    configuration.hiddenSizes = [8]
    configuration.environmentsPerActor = 4
    configuration.fragmentSteps = 2
    configuration.replaySteps = 40
    configuration.replayBatch = 12
    configuration.multiStep = 2
    configuration.tau = 0.25
    configuration.learningRate = 0.01
    configuration.learningStarts = 0
    // Two updates after each batch of 8 steps.
    configuration.updatesPerStep = 0.25
    if algorithm == .td3 { configuration.policyDelay = 3 }
    return configuration
  }

  /// One loss with an optimizer of its parameters, as a custom loop has them.
  private struct Part {
    let function: LossFunction
    let optimizer: Adam<Float>

    init(
      _ objective: any TwinCriticObjective, _ part: TwinCriticPart, _ setup: RolloutSetup,
      _ layout: FragmentLayout, _ weights: FlatVector<Float>
    ) throws {
      var objective = objective
      objective.part = part
      function = try LossFunction(setup.policy, objective, layout: layout, weights: weights)
      let parameters = setup.parameters.learning {
        $0.isLearned && $0.name.hasPrefix("critic.") == (part == .critics)
      }
      optimizer = Adam(
        count: weights.count, learningRate: 0.01, groups: parameters.groups())
    }

    func learn(from sample: FragmentView, _ random: inout PCG64) {
      function.drawNoise(using: &random)
      let loss = function(sample)
      function.zeroGradients()
      loss.backward()
      optimizer.step(function.weights, function.gradients)
    }
  }

  @Test(arguments: [Algorithm.sac, .td3])
  func `critics move first, then the actor at its interval, then the target networks`(
    algorithm: Algorithm
  ) throws {
    let configuration = Self.configuration(algorithm)
    try configuration.validate()
    let setup = try configuration.makeSetup(seed: 3)
    let rollout = try SameProcess(setup)
    let learner = try configuration.makeLearner(
      setup, batchLayout: rollout.batchLayout, valueParameters: [])
    let weights = FlatVector(setup.weights.elements)
    let layout = rollout.batchLayout.resized(environmentCount: 6)
    let sample = FragmentStorage(layout)
    let buffer = ReplayBuffer(steps: 40, of: rollout.batchLayout)
    let objective = try #require(configuration.objective as? any TwinCriticObjective)
    let critics = try Part(objective, .critics, setup, layout, weights)
    let actor = try Part(objective, .actor, setup, layout, weights)
    let interval = algorithm == .sac ? 1 : 3
    var random = RandomStreams.learning(seed: 3, rank: 0)
    var updates = 0
    for _ in 0..<9 {
      rollout.publish(setup.weights)
      let batch = try rollout.next()
      #expect(learner.learn(from: batch) == .learned)
      buffer.add(batch.view)
      for _ in 0..<2 {
        buffer.sample(into: sample.view, using: &random)
        critics.learn(from: sample.view, &random)
        updates += 1
        guard updates.isMultiple(of: interval) else { continue }
        actor.learn(from: sample.view, &random)
        for entry in setup.parameters.entries where entry.name.hasPrefix("target.") {
          let source = try #require(setup.parameters.range(of: String(entry.name.dropFirst(7))))
          for (target, place) in zip(entry.range, source) {
            weights[target] += 0.25 * (weights[place] - weights[target])
          }
        }
      }
      #expect(learner.updateCount == updates)
      // Scheduled buffers are not in this loop, and have their values from the start.
      #expect(setup.weights.elements == weights.elements)
    }
    #expect(actor.optimizer.stepCount == 18 / interval)
    let names = learner.takeMetrics().map(\.name)
    #expect(
      names.filter { $0.contains("loss") || $0.contains("norm") }
        == ["loss", "grad_norm", "actor_loss", "actor_grad_norm"])
    #expect(names.contains("temperature") == (algorithm == .sac))
  }

  @Test(arguments: [Algorithm.sac, .td3])
  func `actions are uniform until learning starts`(algorithm: Algorithm) throws {
    var configuration = Self.configuration(algorithm)
    configuration.learningStarts = 24
    let setup = try configuration.makeSetup(seed: 3)
    let rollout = try SameProcess(setup)
    let learner = try configuration.makeLearner(
      setup, batchLayout: rollout.batchLayout, valueParameters: [])
    for batch in 0..<5 {
      rollout.publish(setup.weights)
      let view = try rollout.next()
      let recorded = try #require(view.view.actor("logits"))
      #expect((recorded[0, 0, recorded.elementCount - 1] > 0) == (batch < 3))
      learner.learn(from: view)
      #expect((learner.updateCount > 0) == (batch >= 2))
    }
  }

  @Test func `an objective with one loss is refused`() throws {
    let configuration = Self.configuration(.sac)
    let setup = try configuration.makeSetup(seed: 3)
    var parts = TrainingParts()
    parts.objective = Reinforce()
    let error = #expect(throws: PolicyError.self) {
      try configuration.makeLearner(
        setup, batchLayout: setup.layout, valueParameters: [], parts: parts)
    }
    #expect(error?.description.contains("'reinforce' has one: use a TwinCriticObjective") == true)
  }

  @Test func `a temperature that is not learned keeps its first value`() throws {
    var configuration = Self.configuration(.sac)
    configuration.temperature = 0.5
    configuration.learnsTemperature = false
    configuration.optimizer = .adamw
    let setup = try configuration.makeSetup(seed: 3)
    let rollout = try SameProcess(setup)
    let learner = try configuration.makeLearner(
      setup, batchLayout: rollout.batchLayout, valueParameters: [])
    let place = try #require(setup.parameters.range(of: TwinCriticPolicy.temperatureName))
    let first = setup.weights[place.lowerBound]
    for _ in 0..<4 {
      rollout.publish(setup.weights)
      learner.learn(from: try rollout.next())
    }
    #expect(learner.updateCount == 8)
    #expect(first == Float(-0.6931471805599453) && setup.weights[place.lowerBound] == first)
  }
}
