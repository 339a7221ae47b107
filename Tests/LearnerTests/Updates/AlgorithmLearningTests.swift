import Actor
import Foundation
import Learner
import Rollout
import Testing

/// Tests that every algorithm learns CartPole with its defaults.
///
/// Collection in this process makes the result repeatable.
struct AlgorithmLearningTests {
  @Test(
    arguments: [
      (Algorithm.a2c, 250), (.ppo, 40), (.vtrace, 250), (.appo, 60), (.dqn, 6000),
    ])
  func `an algorithm learns to balance a pole`(algorithm: Algorithm, batches: Int) throws {
    var configuration = TrainingConfiguration(algorithm)
    configuration.totalSteps = 200_000
    try configuration.validate()
    let setup = try configuration.makeSetup(seed: 1)
    let rollout = try SameProcess(setup, fragmentsPerBatch: configuration.fragmentsPerBatch)
    defer { rollout.close() }
    let learner = try configuration.makeLearner(
      setup, batchLayout: rollout.batchLayout,
      valueParameters: LayerTable(setup.policy, for: setup.layout.contents.spaces).valueParameters)
    let evaluator = try Evaluator(
      environment: configuration.evaluationEnvironment, policy: setup.policy, seed: 2)
    let before = try evaluator.evaluate(setup.weights, episodes: 0..<20).meanReturn
    var best = 0.0
    for batch in 1...batches {
      rollout.publish(setup.weights)
      #expect(learner.learn(from: try rollout.next()) == .learned)
      if batch.isMultiple(of: batches / 10) {
        best = max(best, try evaluator.evaluate(setup.weights, episodes: 0..<20).meanReturn)
      }
    }
    // The thresholds tell learning from none after a tenth to a half of the recipes' steps to 475.
    #expect(before < 100 && best > 195, "\(before) to \(best)")
  }

  @Test(arguments: [Algorithm.sac, .td3])
  func `an algorithm learns to swing a pendulum up`(algorithm: Algorithm) throws {
    var configuration = TrainingConfiguration(algorithm)
    configuration.hiddenSizes = [64, 64]
    configuration.learningRate = 0.002
    configuration.replaySteps = 5000
    configuration.replayBatch = 64
    configuration.learningStarts = 500
    configuration.tau = 0.02
    try configuration.validate()
    let setup = try configuration.makeSetup(seed: 1)
    let rollout = try SameProcess(setup)
    defer { rollout.close() }
    let learner = try configuration.makeLearner(
      setup, batchLayout: rollout.batchLayout, valueParameters: [])
    let evaluator = try Evaluator(
      environment: configuration.evaluationEnvironment, policy: setup.policy, seed: 2)
    let before = try evaluator.evaluate(setup.weights, episodes: 0..<20).meanReturn
    var best = -Double.infinity
    for step in 1...5000 {
      rollout.publish(setup.weights)
      #expect(learner.learn(from: try rollout.next()) == .learned)
      if step >= 3000, step.isMultiple(of: 500) {
        best = max(best, try evaluator.evaluate(setup.weights, episodes: 0..<20).meanReturn)
      }
    }
    // Random actions have about −1,200, and the recipes reach −200 by then.
    #expect(before < -900 && best > -300, "\(before) to \(best)")
  }
}
