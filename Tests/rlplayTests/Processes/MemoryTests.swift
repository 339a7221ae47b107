import Foundation
import TestSupport
import Testing

extension ProcessTests {
  /// Tests with CartPole without velocities, which single observations do not suffice to solve.
  struct MemoryTests {
    private static let recipe: URL = {
      var root = URL(fileURLWithPath: #filePath)
      for _ in 0..<4 { root.deleteLastPathComponent() }
      return root.appendingPathComponent("Recipes/cartpole-no-velocity-gru.json")
    }()

    /// Trains deterministically with a configuration file.
    private func train(_ file: String, in directory: ScratchDirectory) throws
      -> RunningProgram.Outcome
    {
      try RunningProgram.run(
        Executable.rlplay,
        [
          "train", "--config", file, "--deterministic", "--seed", "1", "--quiet", "--json",
          "--run-dir", directory.path("run"),
        ], in: directory.url)
    }

    @Test func `a network that remembers solves it`() throws {
      let directory = try ScratchDirectory()
      let outcome = try train(Self.recipe.path, in: directory)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let evaluation = try RunningProgram.run(
        Executable.rlplay,
        ["evaluate", directory.path("run"), "--episodes", "100", "--seed", "7", "--json"])
      let mean = try #require(evaluation.json["mean_return"] as? Double)
      #expect(mean >= 475, "\(mean)")
    }

    @Test func `one that does not remember fails, with as many weights and steps`() throws {
      let directory = try ScratchDirectory()
      // Options of the core have no use without it. Two layers of 64 have about as many weights.
      var options = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: Self.recipe)) as? [String: Any])
      options["recurrent"] = "none"
      options["recurrent-size"] = nil
      options["hidden"] = [64, 64]
      let file = directory.path("options.json")
      try JSONSerialization.data(withJSONObject: options)
        .write(to: URL(fileURLWithPath: file))
      let outcome = try train(file, in: directory)
      #expect(outcome.exitCode == 1)
      let log = try String(contentsOfFile: directory.path("run/metrics.jsonl"), encoding: .utf8)
      let returns = log.split(separator: "\n").compactMap { line in
        (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["eval_return"]
          as? Double
      }
      #expect(returns.count >= 40)
      let best = try #require(returns.max())
      #expect(best < 200, "\(best)")
    }
  }
}
