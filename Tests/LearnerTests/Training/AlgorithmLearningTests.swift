import Actor
import Foundation
import Rollout
import Testing

@testable import Learner

/// That every algorithm learns CartPole as it is by default, in this process so that it repeats.
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
      #expect(learner.learn(from: try rollout.next()) == .learnt)
      if batch.isMultiple(of: batches / 10) {
        best = max(best, try evaluator.evaluate(setup.weights, episodes: 0..<20).meanReturn)
      }
    }
    // Learnt or not, at about a tenth to a half of what the recipes take for 475.
    #expect(before < 100 && best > 195, "\(before) to \(best)")
  }
}
