import Foundation
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of wrappers from the command line in workers, checkpoint and evaluation.
  struct WrapperTests {
    @Test func `a policy is trained and evaluated behind its wrappers`() throws {
      let directory = try ScratchDirectory()
      let trained = try RunningProgram.run(
        Executable.rlplay,
        [
          "train", "--wrap", "observation-mask=0,2", "--wrap", "frame-stack=4", "--wrap",
          "action-repeat=2", "--wrap=time-limit=50", "--wrap", "reward-scale=0.5", "--steps",
          "4000",
          "--actors", "2", "--buffers", "4", "--eval-every", "2000", "--seed", "3", "--run-dir",
          directory.path("run"),
        ], in: directory.url)
      #expect(trained.exitCode == 0, "\(trained.errors)")
      let configuration = try String(
        contentsOf: directory.url.appending(path: "run/config.json"), encoding: .utf8)
      let names = [
        "observation-mask=0,2", "frame-stack=4", "action-repeat=2", "time-limit=50",
        "reward-scale=0.5",
      ]
      let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
      #expect(configuration.contains("\"wrap\": [\(list)]"))

      let described = try RunningProgram.run(
        Executable.rlplay, ["describe", "run"], in: directory.url)
      #expect(described.exitCode == 0, "\(described.errors)")
      #expect(described.output.contains(names.joined(separator: ", ")))
      #expect(described.output.contains("inputs: obs 4×2, act"), "\(described.output)")

      let evaluated = try RunningProgram.run(
        Executable.rlplay, ["evaluate", "run", "--episodes", "5", "--seed", "1", "--json"],
        in: directory.url)
      #expect(evaluated.exitCode == 0, "\(evaluated.errors)")
      let last = try #require(evaluated.output.split(separator: "\n").last)
      let object = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Double]
      let (length, mean) = (
        try #require(object?["mean_length"]), try #require(object?["mean_return"])
      )
      #expect(length > 1 && length <= 50)
      // Each action makes two steps of reward 1, halved; the last one may make a single step.
      #expect(mean <= length && mean >= length - 0.5)
    }

    @Test func `a policy is trained by workers with statistics that its checkpoint holds`() throws {
      let directory = try ScratchDirectory()
      let trained = try RunningProgram.run(
        Executable.rlplay,
        [
          "train", "--env", "Pendulum-v1", "--algorithm", "vtrace", "--wrap", "reward-scale=2",
          "--wrap", "observation-normalization", "--wrap", "reward-normalization=0.9", "--steps",
          "8000", "--actors", "2", "--buffers", "4", "--eval-every", "0", "--seed", "3",
          "--run-dir", directory.path("run"),
        ], in: directory.url)
      #expect(trained.exitCode == 0, "\(trained.errors)")
      #expect(trained.output.contains("normalizer.obs.scale"), "\(trained.output)")
      let configuration = try String(
        contentsOf: directory.url.appending(path: "run/config.json"), encoding: .utf8)
      let names = ["reward-scale=2", "observation-normalization", "reward-normalization=0.9"]
      let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
      #expect(configuration.contains("\"wrap\": [\(list)]"))

      let described = try RunningProgram.run(
        Executable.rlplay, ["describe", "run"], in: directory.url)
      #expect(described.exitCode == 0, "\(described.errors)")
      for name in ["obs.mean", "obs.scale", "return.scale"] {
        #expect(described.output.contains("normalizer.\(name)"), "\(described.output)")
      }
      let arguments = ["evaluate", "run", "--episodes", "3", "--seed", "1", "--json"]
      let outputs = try (0..<2).map { _ in
        let evaluated = try RunningProgram.run(Executable.rlplay, arguments, in: directory.url)
        #expect(evaluated.exitCode == 0, "\(evaluated.errors)")
        return try #require(evaluated.output.split(separator: "\n").last)
      }
      #expect(outputs[0] == outputs[1])
      // Rewards are the environment's, doubled: the return of 200 steps is in the hundreds.
      let object = try JSONSerialization.jsonObject(with: Data(outputs[0].utf8))
      let mean = try #require((object as? [String: Double])?["mean_return"])
      #expect(mean < -400)
    }

    @Test func `envs lists what --wrap takes`() throws {
      let directory = try ScratchDirectory()
      let outcome = try RunningProgram.run(Executable.rlplay, ["envs"], in: directory.url)
      #expect(outcome.output.contains("action Discrete(2): LEFT, RIGHT\n"))
      #expect(outcome.output.contains("action Discrete(12): U+, U-, D+,"))
      #expect(outcome.output.contains("\nWrappers, for 'rlplay train --wrap':\n"))
      #expect(outcome.output.contains("\n  observation-mask=I,J,...      Show "))
      #expect(outcome.output.contains("\n  reward-normalization[=GAMMA]  Divide "))
      #expect(outcome.output.contains("frame-stack take a part of a Dict or Tuple after an @"))
      #expect(outcome.output.contains("\ngym:ID  "))
    }

    @Test func `envs lists the parameters of tasks that MuJoCo simulates`() throws {
      let directory = try ScratchDirectory()
      let outcome = try RunningProgram.run(Executable.rlplay, ["envs"], in: directory.url)
      let name = "\n    healthy_angle_range=[-0.2,0.2]  Healthy range of the torso's angle.\n"
      let tasks = outcome.output.split(separator: "\n  mujoco:")
      #expect(try #require(tasks.first { $0.hasPrefix("Hopper-v5  ") }).contains(name))
      let object = try RunningProgram.run(
        Executable.rlplay, ["envs", "--json"], in: directory.url
      ).json
      let listed = try #require(object["mujoco_tasks"] as? [[String: Any]])
      #expect(listed.count == 11 && listed[0]["id"] as? String == "mujoco:Ant-v5")
      let parameters = try #require(listed[2]["parameters"] as? [[String: Any]])
      #expect(
        parameters.contains {
          $0["name"] as? String == "healthy_angle_range" && $0["default"] as? String == "[-0.2,0.2]"
        })
    }
  }
}
