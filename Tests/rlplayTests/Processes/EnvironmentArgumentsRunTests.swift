import Foundation
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of environment parameters in workers, checkpoint, evaluation and check.
  struct EnvironmentArgumentsRunTests {
    @Test func `a policy is trained and evaluated with the values that were given`() throws {
      let directory = try ScratchDirectory()
      let trained = try RunningProgram.run(
        Executable.rlplay,
        [
          "train", "--env", "Corridor-v0", "--env-args", "size=8,goal=3", "--steps", "40000",
          "--actors", "2", "--buffers", "4", "--eval-every", "0", "--seed", "3", "--run-dir", "run",
        ], in: directory.url)
      #expect(trained.exitCode == 0, "\(trained.errors)")
      #expect(trained.output.contains("training Corridor-v0 (size=8,goal=3) with seed 3"))
      let configuration = try String(
        contentsOf: directory.url.appending(path: "run/config.json"), encoding: .utf8)
      #expect(configuration.contains(#""env-args": "size=8,goal=3""#))

      let described = try RunningProgram.run(
        Executable.rlplay, ["describe", "run", "--json"], in: directory.url)
      #expect(described.json["environment"] as? String == "Corridor-v0")
      #expect(described.json["env_args"] as? String == "size=8,goal=3")
      #expect(described.json["action_names"] as? [String] == ["LEFT", "RIGHT"])
      let text = try RunningProgram.run(
        Executable.rlplay, ["describe", "run"], in: directory.url
      ).output
      #expect(text.contains("\nactions") && text.contains("LEFT, RIGHT\n"), "\(text)")

      let evaluated = try RunningProgram.run(
        Executable.rlplay, ["evaluate", "run", "--episodes", "3", "--json"], in: directory.url)
      #expect(evaluated.exitCode == 0, "\(evaluated.errors)")
      // The policy walks straight to the goal; six random seeds learned this in as many steps.
      #expect(evaluated.json["mean_length"] as? Double == 3)
    }

    @Test func `an environment is checked as it was chosen`() throws {
      let directory = try ScratchDirectory()
      let checked = try RunningProgram.run(
        Executable.rlplay,
        [
          "check-env", "CartPole-v1", "--wrap", "observation-mask=0,2", "--wrap", "frame-stack=2",
          "--max-episode-steps", "20", "--steps", "50", "--json",
        ], in: directory.url)
      #expect(checked.exitCode == 0, "\(checked.output)\(checked.errors)")
      #expect(checked.json["wrappers"] as? [String] == ["observation-mask=0,2", "frame-stack=2"])
      let corridor = try RunningProgram.run(
        Executable.rlplay,
        ["check-env", "Corridor-v0", "--env-args", "size=8", "--steps", "50"], in: directory.url)
      #expect(corridor.exitCode == 0, "\(corridor.output)\(corridor.errors)")
      #expect(corridor.output.hasPrefix("Corridor-v0 (size=8): "), "\(corridor.output)")
    }
  }
}
