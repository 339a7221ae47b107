import Actor
import Foundation
import Learner
import Rollout
import TestSupport
import Testing

/// Tests that Python computes a trained network's outputs from its checkpoint.
@Suite struct PythonLogitsTests {
  /// The input of `Scripts/check_checkpoint.py`.
  private struct Reactions: Encodable {
    var observations: [[Float]] = []
    var actions: [Int32] = []
    var logits: [[Float]] = []

    /// Copies all rows of a fragment of CartPole.
    init(_ fragment: FragmentView) throws {
      let (observations, actions) = (fragment.obs(as: Float.self), fragment.act(as: Int32.self))
      let logits = try #require(fragment.actor("logits"))
      for row in 0..<observations.rowCount {
        for environment in 0..<observations.environmentCount {
          self.observations.append((0..<4).map { observations[row, environment, $0] })
          self.actions.append(actions[row, environment])
          self.logits.append((0..<2).map { logits[row, environment, $0] })
        }
      }
    }
  }

  /// Trains for 20,000 steps and returns the location of the last checkpoint.
  private func train(hidden: [Int], in directory: URL) throws -> URL {
    var configuration = TrainingConfiguration()
    configuration.collector = .same
    configuration.hiddenSizes = hidden
    configuration.activation = .relu
    configuration.baseline = .mean
    configuration.totalSteps = 20_000
    configuration.evaluateEvery = 0
    configuration.seed = 5
    configuration.runDirectory = directory.appendingPathComponent("run").path
    let run = try TrainingRun(configuration, isQuiet: true)
    _ = try run.train()
    return run.directory.lastCheckpoint
  }

  /// Returns a fragment collected with the weights of a checkpoint.
  private func react(_ checkpoint: Checkpoint, hidden: [Int]) throws -> Reactions {
    let setup = try RolloutSetup(
      environment: "CartPole-v1", policy: NetworkPolicy(hidden: hidden), environmentCount: 16,
      stepCount: 50, seed: 6)
    setup.weights.assign(
      try checkpoint.parameters(matching: setup.parameters.entries.map { ($0.name, $0.shape) }))
    let rollout = try SameProcess(setup)
    // A view is valid only as long as the collector lives.
    return try withExtendedLifetime(rollout) { try Reactions(rollout.next().view) }
  }

  @Test(.enabled(if: Python.mayBeAsked, "\(Python.absence)"), arguments: [[32], [16, 24]])
  func `Python gives the log-probabilities of a trained checkpoint`(hidden: [Int]) throws {
    try withTemporaryDirectory { directory in
      let url = try train(hidden: hidden, in: directory)
      var reactions = try react(Checkpoint.load(from: url), hidden: hidden)
      let file = directory.appendingPathComponent("reactions.json")
      func check() throws -> String {
        try JSONEncoder().encode(reactions).write(to: file)
        return try Python.run([Python.script("check_checkpoint.py"), url.path, file.path])
      }
      let output = try check()
      #expect(output.contains("NumPy: 1632 log-probabilities"))
      #expect(output.contains("PyTorch: 1632 log-probabilities") == Python.hasTorch)
      // The check detects a difference in the fifth decimal of one number.
      reactions.logits[77][1] -= 5e-5
      #expect(throws: Python.Failure.self) { try check() }
    }
  }
}
