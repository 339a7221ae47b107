import Actor
import Foundation
import Learner
import Rollout
import TestSupport

/// Small runs on CartPole, with real worker processes if the collector has workers.
enum Collection {
  static func setup(seed: UInt64 = 5, sticky: Bool = false) throws -> RolloutSetup {
    // Episodes are short: a few fragments contain both terminated and truncated ones.
    try RolloutSetup(
      environment: EnvironmentConfiguration("CartPole-v1", limit: .steps(30)),
      policy: NetworkPolicy(hidden: [16]), environmentCount: 4, stepCount: 12, sticky: sticky,
      seed: seed)
  }

  /// Returns a configuration for silent workers that run this package's program.
  static func processes(isInterrupted: @escaping () -> Bool = { false }) throws -> WorkerProcesses {
    WorkerProcesses(
      executable: try Executable.rlplay.path, say: { _ in }, isInterrupted: isInterrupted)
  }

  static func update(_ setup: RolloutSetup, _ rollout: any RolloutCollector) throws -> PolicyUpdate
  {
    try PolicyUpdate(
      setup.policy, Reinforce(), layout: rollout.batchLayout, weights: setup.weights,
      optimizer: Adam<Float>(count: setup.weights.count, learningRate: 0.01))
  }

  /// The batches, weights and progress of a run.
  struct Outcome: Equatable {
    var batches: [BatchDigest] = []
    var weights: [Float] = []
    var progress = CollectorProgress()
  }

  /// Collects a batch and learns from it, `turns` times.
  static func train(
    turns: Int, seed: UInt64 = 5, sticky: Bool = false,
    _ make: (RolloutSetup) throws -> any RolloutCollector
  ) throws -> Outcome {
    let setup = try setup(seed: seed, sticky: sticky)
    let rollout = try make(setup)
    defer { rollout.close() }
    let update = try update(setup, rollout)
    var outcome = Outcome()
    while outcome.batches.count < turns {
      do {
        rollout.publish(setup.weights)
        let batch = try rollout.next()
        outcome.batches.append(BatchDigest(batch))
        update.learn(from: batch.view)
      } catch is Interrupted {
        continue
      }
    }
    outcome.weights = setup.weights.elements
    outcome.progress = rollout.progress
    // The work that workers have done ahead depends on timing and is not part of the outcome.
    outcome.progress.collectedSteps = 0
    outcome.progress.episodes = 0
    return outcome
  }
}
