import Foundation
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of a program with the command's library, an environment and an algorithm of its own.
  struct OwnProgramTests {
    private func run(
      _ arguments: String..., in directory: ScratchDirectory
    ) throws -> RunningProgram.Outcome {
      try RunningProgram.run(Executable.faultyTrainer, arguments, in: directory.url)
    }

    @Test func `its algorithm trains, is evaluated, described and resumed as the built-in ones`()
      throws
    {
      let directory = try ScratchDirectory()
      let options = [
        "train", "--algorithm", "tempered", "--actors", "2", "--buffers", "4", "--seed", "1",
        "--deterministic", "--eval-every", "2000", "--eval-episodes", "3", "--quiet", "--json",
      ]
      func train(_ more: String...) throws -> RunningProgram.Outcome {
        try RunningProgram.run(Executable.faultyTrainer, options + more, in: directory.url)
      }
      let whole = try train("--steps", "8000", "--run-dir", "whole", "--entropy-cost", "0.02")
      #expect(whole.exitCode == 0, "\(whole.errors)")
      #expect(whole.json["best_return"] is Double)
      #expect(try train("--steps", "4000", "--run-dir", "parts").exitCode == 0)
      let resumed = try run(
        "train", "--resume", "parts", "--steps", "8000", "--quiet", "--json", in: directory)
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      func last(_ name: String) throws -> Data {
        try Data(
          contentsOf: directory.url.appendingPathComponent("\(name)/checkpoints/last.safetensors"))
      }
      #expect(try last("parts") == last("whole"))

      let description = try run("describe", "whole", "--json", in: directory)
      #expect(description.json["algorithm"] as? String == "tempered")
      let policy = try #require(description.json["policy"] as? [String: Any])
      #expect(policy["kind"] as? String == "tempered")
      let evaluation = try run(
        "evaluate", "whole", "--episodes", "4", "--sample", "--json", in: directory)
      #expect(evaluation.count("episodes") == 4, "\(evaluation.errors)")

      // The command without the program's policies names what it lacks.
      let stranger = try RunningProgram.run(
        Executable.rlplay, ["evaluate", "whole"], in: directory.url)
      #expect(stranger.exitCode == 1)
      #expect(stranger.errors.contains("the policy 'tempered' is not registered"))
      let other = try RunningProgram.run(
        Executable.rlplay, ["train", "--resume", "whole", "--steps", "9000"], in: directory.url)
      #expect(other.exitCode == 1 && other.errors.contains("is none of reinforce"))
    }

    @Test func `its environments and its name are those of the command`() throws {
      let directory = try ScratchDirectory()
      let check = try run("check-env", "Wide-v0", "--steps", "20", in: directory)
      #expect(check.output.hasPrefix("Wide-v0: 80 steps"), "\(check.errors)")
      let list = try run("envs", "--json", in: directory)
      #expect(list.output.contains("\"Wide-v0\""))
      let help = try run("train", "--help", in: directory)
      #expect(help.output.contains("faulty train [options]"))
      #expect(help.output.contains("reinforce|a2c|ppo|vtrace|appo|dqn|sac|td3|tempered"))
      let mistake = try run("train", "--algorithm", "tempered", "--epsilon", "0.1", in: directory)
      #expect(mistake.exitCode == 64)
      #expect(mistake.errors.contains("--epsilon 0.1 has no effect with --algorithm tempered"))
    }
  }
}
