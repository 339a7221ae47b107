import Actor
import Learner
import Rollout
import Testing

/// Tests that what a run learns does not depend on the number of the learner's threads.
@Suite(.timeLimit(.minutes(10)))
struct LearnerThreadsTests {
  /// Returns the weights and the loss after some batches.
  private func train(
    _ configuration: TrainingConfiguration, threads: Int?, batches: Int
  ) throws -> (weights: [UInt32], loss: Float, updates: Int) {
    var configuration = configuration
    configuration.learnerThreads = threads
    configuration.hiddenSizes = [64, 64]
    configuration.totalSteps = 200_000
    try configuration.validate()
    let setup = try configuration.makeSetup(seed: 3)
    let rollout = try SameProcess(setup, fragmentsPerBatch: configuration.fragmentsPerBatch)
    defer { rollout.close() }
    let learner = try configuration.makeLearner(
      setup, batchLayout: rollout.batchLayout, valueParameters: [])
    for _ in 0..<batches {
      rollout.publish(setup.weights)
      #expect(learner.learn(from: try rollout.next()) == .learned)
    }
    return (
      setup.weights.elements.map(\.bitPattern), learner.lastLoss, learner.updateCount
    )
  }

  /// Minibatches of steps, and updates from samples, of some hundred rows.
  private func configuration(_ algorithm: Algorithm) -> TrainingConfiguration {
    var configuration = TrainingConfiguration(algorithm)
    if algorithm.name == "ppo" {
      configuration.minibatchUnit = .steps
      configuration.normalizationScope = .batch
    }
    if algorithm.options.contains("learning-starts") { configuration.learningStarts = 500 }
    return configuration
  }

  @Test(
    arguments: [
      (Algorithm.reinforce, 12), (.a2c, 12), (.ppo, 3), (.appo, 6), (.dqn, 60), (.sac, 520),
      (.td3, 520),
    ])
  func `one, three and a measured number of threads give the same weights bit for bit`(
    algorithm: Algorithm, batches: Int
  ) throws {
    let configuration = configuration(algorithm)
    let alone = try train(configuration, threads: 1, batches: batches)
    #expect(alone.updates > 10)
    for threads in [3, nil] {
      let together = try train(configuration, threads: threads, batches: batches)
      #expect(together.weights == alone.weights && together.loss == alone.loss)
    }
  }

  @Test func `a recurrent policy learns the same bits with any number of threads`() throws {
    var configuration = TrainingConfiguration(.ppo)
    configuration.recurrent = .lstm
    let alone = try train(configuration, threads: 1, batches: 3)
    let together = try train(configuration, threads: 3, batches: 3)
    #expect(together.weights == alone.weights)
  }
}
