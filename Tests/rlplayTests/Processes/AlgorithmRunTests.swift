import Foundation
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of whole runs of algorithms other than REINFORCE.
  struct AlgorithmRunTests {
    private func train(
      _ name: String, _ options: String..., in directory: ScratchDirectory
    ) throws -> Data {
      try train(name, options, in: directory)
    }

    private func train(
      _ name: String, _ options: [String], in directory: ScratchDirectory
    ) throws -> Data {
      let outcome = try RunningProgram.run(
        Executable.rlplay,
        ["train", "--quiet", "--eval-every", "0", "--run-dir", directory.path(name)] + options,
        in: directory.url)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      return try Data(
        contentsOf: directory.url.appendingPathComponent("\(name)/checkpoints/last.safetensors"))
    }

    @Test(arguments: ["a2c", "ppo", "vtrace", "appo", "dqn"])
    func `one seed gives one checkpoint, byte for byte`(algorithm: String) throws {
      let directory = try ScratchDirectory()
      let options = ["--algorithm", algorithm, "--deterministic", "--steps", "10000"]
      func weights(_ name: String, seed: String) throws -> Data {
        try train(
          name, options[0], options[1], options[2], options[3], options[4], "--seed", seed,
          in: directory)
      }
      let first = try weights("first", seed: "3")
      #expect(try weights("second", seed: "3") == first)
      #expect(try weights("other", seed: "4") != first)
    }

    /// Options of a short run with two critics.
    private static let critics = [
      "--steps", "1200", "--hidden", "6", "--replay-batch", "16", "--learning-starts", "400",
      "--actors", "2", "--envs-per-actor", "3",
    ]

    @Test(arguments: ["sac", "td3"])
    func `one seed gives one checkpoint with two critics, byte for byte`(
      algorithm: String
    ) throws {
      let directory = try ScratchDirectory()
      func weights(_ name: String, seed: String) throws -> Data {
        try train(
          name, Self.critics + ["--algorithm", algorithm, "--deterministic", "--seed", seed],
          in: directory)
      }
      let first = try weights("first", seed: "3")
      #expect(try weights("second", seed: "3") == first)
      #expect(try weights("other", seed: "4") != first)
    }

    @Test(arguments: ["sac", "td3"])
    func `a checkpoint of an asynchronous run with two critics can be described and evaluated`(
      algorithm: String
    ) throws {
      let directory = try ScratchDirectory()
      _ = try train("runs/one", Self.critics + ["--algorithm", algorithm], in: directory)
      let description = try RunningProgram.run(
        Executable.rlplay, ["describe", "--json", "runs/one"], in: directory.url)
      #expect(description.exitCode == 0, "\(description.errors)")
      #expect(description.json["algorithm"] as? String == algorithm)
      // An update for each step from the batch of three on in which step 400 is.
      #expect(description.count("updates") == 1200 - 402 + 3)
      // An actor of 3 · 6 + 6 and 6 · n + n with n of 2 or 1, critics of 4 · 6 + 6 and 6 + 1, and
      // the temperature; target networks and scheduled buffers are not learned.
      #expect(description.count("parameters") == (algorithm == "sac" ? 113 : 105))
      let policy = try #require(description.json["policy"] as? [String: Any])
      #expect(policy["kind"] as? String == "twin-critic")
      let evaluation = try RunningProgram.run(
        Executable.rlplay, ["evaluate", "runs/one", "--episodes", "5", "--json", "--seed", "1"],
        in: directory.url)
      #expect(evaluation.exitCode == 0, "\(evaluation.errors)")
      #expect(evaluation.count("episodes") == 5)
    }

    @Test func `a checkpoint of Q-learning can be described and evaluated`() throws {
      let directory = try ScratchDirectory()
      _ = try train(
        "runs/one", "--algorithm", "dqn", "--steps", "4000", "--hidden", "5", in: directory)
      let description = try RunningProgram.run(
        Executable.rlplay, ["describe", "--json", "runs/one"], in: directory.url)
      #expect(description.exitCode == 0, "\(description.errors)")
      #expect(description.json["algorithm"] as? String == "dqn")
      // 4 · 5 + 5 and 5 · 2 + 2; the target network and ε are not learned.
      #expect(description.count("parameters") == 37)
      let policy = try #require(description.json["policy"] as? [String: Any])
      #expect(policy["kind"] as? String == "q-network")
      let evaluation = try RunningProgram.run(
        Executable.rlplay, ["evaluate", "runs/one", "--episodes", "5", "--json", "--seed", "1"],
        in: directory.url)
      #expect(evaluation.exitCode == 0, "\(evaluation.errors)")
      #expect(evaluation.count("episodes") == 5)
    }
  }
}
