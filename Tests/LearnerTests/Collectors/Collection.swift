import Foundation
import Rollout
import TestSupport

@testable import Actor
@testable import Learner

/// Small runs on CartPole, with real workers where there are any.
enum Collection {
  static func setup(seed: UInt64 = 5, sticky: Bool = false) throws -> RolloutSetup {
    // Short episodes, so that ends and limits both occur within few fragments.
    try RolloutSetup(
      environment: EnvironmentChoice("CartPole-v1", limit: .steps(30)),
      policy: NetworkPolicy(hidden: [16]), environmentCount: 4, stepCount: 12, sticky: sticky,
      seed: seed)
  }

  /// This package's own program as worker, silent.
  static func processes(isInterrupted: @escaping () -> Bool = { false }) throws -> WorkerProcesses {
    WorkerProcesses(
      executable: try Executable.rlplay.path, say: { _ in }, isInterrupted: isInterrupted)
  }

  static func update(_ setup: RolloutSetup, _ rollout: any RolloutCollector) throws -> PolicyUpdate
  {
    try PolicyUpdate(
      setup.policy, Reinforce(), layout: rollout.batchLayout, weights: setup.weights,
      optimiser: Adam<Float>(count: setup.weights.count, learningRate: 0.01))
  }

  /// What a run leaves: its batches, its weights, how it saw itself.
  struct Outcome: Equatable {
    var batches: [BatchDigest] = []
    var weights: [Float] = []
    var progress = CollectorProgress()
  }

  /// Collects and learns, `turns` times.
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
        let batch = try rollout.next()
        outcome.batches.append(BatchDigest(batch))
        update.learn(from: batch.view)
      } catch is Interrupted {
        continue
      }
    }
    outcome.weights = setup.weights.elements
    outcome.progress = rollout.progress
    // Workers run ahead as far as they happen to get; this is not part of what is collected.
    outcome.progress.collectedSteps = 0
    outcome.progress.episodes = 0
    return outcome
  }
}
