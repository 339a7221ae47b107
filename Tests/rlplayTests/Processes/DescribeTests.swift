import Foundation
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of the table of layers at the beginning of training and of a checkpoint.
  struct DescribeTests {
    private static let table = """
      network                  output   parameters
      act       Embedding           4            8
      hidden    Linear, relu       32          288
      logits    Linear              2           66
      362 parameters, inputs: obs 4, act
      """

    private func train(_ options: String..., in directory: ScratchDirectory) throws -> String {
      let outcome = try RunningProgram.run(
        Executable.rlplay,
        [
          "train", "--steps", "4000", "--eval-every", "0", "--deterministic", "--run-dir",
          directory.path("runs/one"), "--baseline", "mean",
        ] + options, in: directory.url)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      return outcome.output
    }

    @Test func `training begins with the table of layers unless it is quiet`() throws {
      let lines = try train("--activation", "relu", in: try ScratchDirectory()).split(
        separator: "\n")
      #expect(lines[0].hasPrefix("training CartPole-v1 with seed "))
      #expect(lines[1...5].joined(separator: "\n") == Self.table)
      #expect(try !train("--quiet", in: try ScratchDirectory()).contains("network"))
    }

    @Test func `a run's checkpoint is described by whatever names it`() throws {
      let directory = try ScratchDirectory()
      _ = try train("--quiet", "--activation", "relu", in: directory)
      let file = "runs/one/checkpoints/last.safetensors"
      let facts = [
        "environment CartPole-v1", "algorithm reinforce",
        "learned from 4,000 steps in 10 updates", "policy network", "activation relu",
      ]
      for target in [[], ["one"], ["runs/one"], [file]] {
        let outcome = try RunningProgram.run(
          Executable.rlplay, ["describe"] + target, in: directory.url)
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n").map { line in
          line.split(separator: " ").joined(separator: " ")
        }
        #expect(lines[0].hasSuffix(file))
        #expect(lines[1...5] == facts[...], "\(outcome.output)")
        #expect(lines.contains("inputs [\"obs\",\"act\"]"))
        #expect(outcome.output.hasSuffix("\n\n\(Self.table)\n"))
      }
    }

    @Test func `the object says the same`() throws {
      let directory = try ScratchDirectory()
      _ = try train(
        "--quiet", "--hidden", "5", "--activation", "silu", "--inputs", "obs", in: directory)
      let outcome = try RunningProgram.run(
        Executable.rlplay, ["describe", "--json", "runs/one"], in: directory.url)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(
        Set(outcome.json.keys) == [
          "environment", "algorithm", "policy", "env_steps", "updates", "parameters", "layers",
        ])
      #expect(outcome.json["environment"] as? String == "CartPole-v1")
      #expect(outcome.json["algorithm"] as? String == "reinforce")
      #expect(outcome.count("env_steps") == 4000)
      #expect(outcome.count("updates") == 10)
      #expect(outcome.count("parameters") == 37)
      let policy = try #require(outcome.json["policy"] as? [String: Any])
      #expect(policy["kind"] as? String == "network")
      let settings = try #require(policy["settings"] as? [String: Any])
      #expect(settings["hidden"] as? [Int] == [5])
      #expect(settings["activation"] as? String == "silu")
      #expect(
        outcome.output.hasSuffix(
          #","layers":[{"name":"hidden","kind":"Linear","output":[5],"parameters":25},"#
            + #"{"name":"logits","kind":"Linear","output":[2],"parameters":12}]}"# + "\n"))
    }
  }
}
