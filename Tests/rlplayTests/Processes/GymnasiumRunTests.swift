import Actor
import Foundation
import Glibc
import Learner
import Rollout
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of training with Gymnasium's environments in worker processes.
  @Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"))
  struct GymnasiumRunTests {
    let cases: PythonEnvironments
    let directory: ScratchDirectory

    init() throws {
      cases = try PythonEnvironments()
      directory = try ScratchDirectory()
    }

    func train(_ id: String, _ options: String...) throws -> RunningProgram {
      try train(id, options)
    }

    func train(_ id: String, _ options: [String]) throws -> RunningProgram {
      try RunningProgram(
        Executable.rlplay,
        ["train", "--quiet", "--json", "--env", "gym:\(id)", "--python", cases.python]
          + ["--actors", "2", "--buffers", "6", "--seed", "1", "--run-dir", directory.path("run")]
          + options)
    }

    @Test(arguments: [
      ["CartPole-v1", "--steps", "4000", "--eval-every", "2000"],
      ["rlplay_cases:Mirror-v0", "--steps", "2000", "--eval-every", "0"],
    ])
    func `a run of Gymnasium's environments comes to its end`(options: [String]) throws {
      let program = try train(options[0], Array(options.dropFirst()))
      let outcome = try program.waitForEnd(within: 60)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.count("worker_restarts") == 0)
      #expect(program.waitForFamilyToEnd(within: 5) != nil)
    }

    @Test func `a run goes on where it ended, with new episodes`() throws {
      let first = try train("CartPole-v1", "--steps", "2000", "--eval-every", "0")
        .waitForEnd(within: 60)
      #expect(first.exitCode == 0, "\(first.errors)")
      let next = try RunningProgram.run(
        Executable.rlplay,
        ["train", "--resume", directory.path("run"), "--steps", "4000", "--trust"]
          + ["--python", cases.python])
      #expect(next.exitCode == 0, "\(next.errors)")
      #expect(next.output.contains("begin new episodes"), "\(next.output)")
      #expect(next.output.contains("4,000 steps"), "\(next.output)")
    }

    @Test func `a checkpoint is evaluated with whichever Python is named`() throws {
      let run = try train("rlplay_cases:Counter-v0", "--steps", "800", "--eval-every", "0")
        .waitForEnd(within: 60)
      #expect(run.exitCode == 0, "\(run.errors)")
      // Eight environments of each worker, and the one that provided the spaces.
      #expect(cases.closedCount == 17)
      let path = directory.path("run")
      let outcome = try RunningProgram.run(
        Executable.rlplay,
        ["evaluate", path, "--episodes", "5", "--json", "--trust", "--python", cases.python])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.json["mean_length"] as? Double == 6)
      let described = try RunningProgram.run(
        Executable.rlplay, ["describe", path, "--json"])
      #expect(described.exitCode == 0, "\(described.errors)")
      #expect((described.count("parameters") ?? 0) > 0)
      let checked = try RunningProgram.run(
        Executable.rlplay,
        ["check-env", "gym:rlplay_cases:Counter-v0", "--steps", "20", "--python", cases.python])
      #expect(checked.exitCode == 0, "\(checked.output)\(checked.errors)")
    }

    @Test func `arguments and wrappers in Python go wherever the environment is made`() throws {
      try cases.add(
        "counting",
        """
        import gymnasium as gym
        class Longer(gym.Wrapper):
            def __init__(self, env, by=1):
                super().__init__(env)
                env.unwrapped.length += by
        """)
      let run = try train(
        "rlplay_cases:Counter-v0", "--env-args", "length=3", "--gym-wrap", "counting.Longer",
        "--gym-wrap", "counting:Longer:by=2", "--steps", "800", "--eval-every", "400"
      ).waitForEnd(within: 60)
      #expect(run.exitCode == 0, "\(run.errors)")
      let path = directory.path("run")
      let configuration = try String(contentsOfFile: path + "/config.json", encoding: .utf8)
      #expect(
        configuration.contains(#""gym-wrap": ["counting.Longer", "counting:Longer:by=2"]"#),
        "\(configuration)")
      let metrics = try String(contentsOfFile: path + "/metrics.jsonl", encoding: .utf8)
      #expect(metrics.contains(#""eval_length":6"#), "\(metrics)")
      let options = ["--python", cases.python]
      let described = try RunningProgram.run(Executable.rlplay, ["describe", path, "--json"])
      #expect(described.json["env_args"] as? String == "length=3")
      #expect(
        described.json["gym_wrappers"] as? [String] == ["counting.Longer", "counting:Longer:by=2"])
      let resumed = try RunningProgram.run(
        Executable.rlplay, ["train", "--resume", path, "--steps", "1600", "--trust"] + options)
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      let evaluated = try RunningProgram.run(
        Executable.rlplay,
        ["evaluate", path, "--episodes", "2", "--json", "--trust", "--env-args", "length=1"]
          + options)
      #expect(evaluated.json["mean_length"] as? Double == 4, "\(evaluated.errors)")
      // Wrappers of the command line replace the checkpoint's, and need no consent by themselves.
      for (wrappers, length) in [
        (["--gym-wrap", "counting.Longer", "--gym-wrap", "counting:Longer:by=4"], 8.0),
        (["--gym-wrap", "none"], 3.0),
      ] {
        let other = try RunningProgram.run(
          Executable.rlplay,
          ["evaluate", path, "--episodes", "2", "--json", "--env", "gym:rlplay_cases:Counter-v0"]
            + wrappers + options)
        #expect(other.json["mean_length"] as? Double == length, "\(other.errors)")
      }
      let checked = try RunningProgram.run(
        Executable.rlplay,
        ["check-env", "gym:rlplay_cases:Counter-v0", "--steps", "20", "--env-args", "length=4"]
          + ["--gym-wrap", "counting.Longer", "--json"] + options)
      #expect(checked.exitCode == 0, "\(checked.output)\(checked.errors)")
      #expect(checked.json["episodes"] as? Int == 16, "\(checked.output)")
      // The environment's name alone is no consent to wrappers that the file names.
      let refused = try RunningProgram.run(
        Executable.rlplay, ["evaluate", path, "--env", "gym:rlplay_cases:Counter-v0"] + options)
      #expect(refused.exitCode == 64)
      #expect(refused.errors.contains("wrapper 'counting.Longer'"), "\(refused.errors)")
    }

    @Test func `defaults for an environment are told once, and kept`() throws {
      func train(_ words: String...) throws -> RunningProgram.Outcome {
        try RunningProgram.run(
          Executable.rlplay, ["train", "--python", cases.python, "--seed", "1"] + words)
      }
      let path = directory.path("run")
      let first = try train(
        "--env", "gym:rlplay_cases:Limited-v0", "--algorithm", "ppo", "--clip", "0.3", "--steps",
        "2048", "--run-dir", path)
      #expect(first.exitCode == 0, "\(first.errors)")
      #expect(
        first.output.contains(
          "defaults for gym:rlplay_cases:Limited-v0: played by Python, no images, discrete "
            + "actions, episodes of at most 4 steps, "), "\(first.output)")
      #expect(first.output.contains("\nchosen are --actors "), "\(first.output)")
      let configuration = try String(contentsOfFile: path + "/config.json", encoding: .utf8)
      for line in [
        #""minibatch-of": "steps""#, #""learning-rate": "linear:0.0003:0""#, #""clip": 0.3"#,
        #""eval-episodes": 20"#,
      ] {
        #expect(configuration.contains(line), "\(line) in \(configuration)")
      }
      let resumed = try RunningProgram.run(
        Executable.rlplay,
        ["train", "--resume", path, "--trust", "--python", cases.python, "--steps", "4096"])
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      #expect(!resumed.output.contains("chosen are"), "\(resumed.output)")
      let again = try train(
        "--config", path + "/config.json", "--run-dir", directory.path("again"))
      #expect(again.exitCode == 0, "\(again.errors)")
      #expect(!again.output.contains("chosen are"), "\(again.output)")
    }

    @Test func `a vector environment is trained, described and evaluated`() throws {
      let run = try train(
        "CartPole-v1", "--env-args", "vectorization_mode=vector_entry_point", "--steps", "2000",
        "--eval-every", "1000"
      ).waitForEnd(within: 60)
      #expect(run.exitCode == 0, "\(run.errors)")
      // One note, from the learner alone.
      #expect(run.errors.components(separatedBy: "autoreset mode NEXT_STEP").count == 2)
      let path = directory.path("run")
      let described = try RunningProgram.run(Executable.rlplay, ["describe", path, "--json"])
      #expect(described.json["autoreset"] as? String == "NEXT_STEP")
      let evaluated = try RunningProgram.run(
        Executable.rlplay,
        ["evaluate", path, "--episodes", "5", "--json", "--trust", "--python", cases.python])
      #expect(evaluated.json["mean_length"] as? Double ?? 0 > 7, "\(evaluated.errors)")
    }

    @Test func `environments that step together cannot wait`() throws {
      let outcome = try train(
        "CartPole-v1", "--env-args", "vectorization_mode=vector_entry_point", "--sticky"
      ).waitForEnd(within: 60)
      #expect(outcome.exitCode == 64)
      #expect(
        outcome.errors.contains("--sticky lets single environments wait"), "\(outcome.errors)")
    }

    @Test func `a part that cannot be stored is told once, and a warning has its number`() throws {
      try cases.add(
        "loud",
        """
        import gymnasium as gym, numpy as np
        from gymnasium.spaces import Box, Dict, Discrete, Text
        text = "the place is high"
        class Loud(gym.Env):
            observation_space = Dict(place=Box(0, 9, (1,)), mission=Text(9))
            action_space = Discrete(2)
            def __init__(self): print("a library in version 3")
            def look(self): return {"place": np.ones(1, np.float32), "mission": "go"}
            def reset(self, *, seed=None, options=None):
                self.t = 0
                return self.look(), {}
            def step(self, action):
                self.t += 1
                if self.t == 5: gym.logger.warn(text)
                return self.look(), 1.0, self.t == 5, False, {}
        gym.register("Loud-v0", Loud)
        """)
      let run = try train("loud:Loud-v0", "--steps", "800", "--eval-every", "0")
        .waitForEnd(within: 60)
      #expect(run.exitCode == 0, "\(run.errors)")
      func count(_ text: String) -> Int { run.errors.components(separatedBy: text).count - 1 }
      #expect(count("is played without 'mission' of its observation") == 1, "\(run.errors)")
      // The line itself, and the number at the end: 16 environments, and one for the spaces.
      #expect(count("a library in version 3") == 2, "\(run.errors)")
      #expect(count("17 times: a library in version 3") == 1, "\(run.errors)")
      // The second worker may have no step to warn of before the run ends.
      let warnings = run.errors.components(separatedBy: "\n").filter {
        $0.contains("the place is high") && !$0.contains(" times: ")
      }
      #expect(warnings.count == 1, "\(run.errors)")
      #expect(count("logger.warn(") == 1, "\(run.errors)")
    }

    @Test func `what an environment tells is recorded, averaged and evaluated`() throws {
      let run = try train(
        "rlplay_cases:Lively-v0", "--steps", "4000", "--eval-every", "2000", "--info",
        "lives,nothing", "--log-every", "1"
      ).waitForEnd(within: 60)
      #expect(run.exitCode == 0, "\(run.errors)")
      #expect(run.errors.contains("told a number 'nothing': check the spelling"), "\(run.errors)")
      let metrics = try String(contentsOfFile: directory.path("run/metrics.jsonl"), encoding: .utf8)
      // Lives of an episode: 3, 2, 2, 1, 1, 1.
      #expect(metrics.contains(#""info/lives":1,"info_sum/lives":10,"#))
      #expect(metrics.contains(#""eval_info/lives":1,"eval_info_sum/lives":10}"#))
      #expect(!metrics.contains("nothing"))
      let outcome = try RunningProgram.run(
        Executable.rlplay,
        ["evaluate", directory.path("run"), "--episodes", "3", "--json", "--trust"]
          + ["--python", cases.python])
      #expect(outcome.json["info_sum/lives"] as? Double == 10, "\(outcome.output)")
      let checked = try RunningProgram.run(
        Executable.rlplay,
        ["check-env", "gym:rlplay_cases:Lively-v0", "--steps", "20", "--python", cases.python]
          + ["--info", "lives,nothing"])
      #expect(checked.exitCode == 0, "\(checked.output)\(checked.errors)")
      #expect(
        checked.output.contains("information         doubtful: no step told a number 'nothing'"))
    }

    @Test func `an interpreter without Gymnasium is told from the one of the training`() throws {
      let run = try train("CartPole-v1", "--steps", "800", "--eval-every", "0")
        .waitForEnd(within: 60)
      #expect(run.exitCode == 0, "\(run.errors)")
      let path = directory.path("run")
      // Python without site-packages.
      let bare = directory.path("bin/python3")
      try FileManager.default.createDirectory(
        atPath: directory.path("bin"), withIntermediateDirectories: true)
      try ShellScript.write(
        "exec /usr/bin/env -u PYTHONPATH '\(try Python.path())' -S -I \"$@\"", to: bare)
      for arguments in [
        ["evaluate", "--trust", path], ["train", "--trust", "--resume", path, "--steps", "1600"],
      ] {
        let outcome = try RunningProgram.run(
          Executable.rlplay, arguments,
          environment: ["PATH": "\(directory.path("bin")):/usr/bin:/bin"])
        #expect(outcome.exitCode == 64, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.errors.contains("cannot import gymnasium"), "\(outcome.errors)")
        let line = "\(arguments[0]) --python \(cases.python) \(arguments[1]) "
        #expect(outcome.errors.contains(line), "\(outcome.errors)")
      }
    }

    /// The directory holds modules that would replace installed ones, and one that is named.
    @Test(arguments: [nil, ":/nowhere"])
    func `files in the working directory replace no module of Python's`(path: String?) throws {
      for name in ["gymnasium", "numpy", "json", "sitecustomize"] {
        try "open('RAN', 'w')\nraise SystemExit(3)\n"
          .write(toFile: directory.path("\(name).py"), atomically: true, encoding: .utf8)
      }
      try FileManager.default.copyItem(
        atPath: cases.directory.appending(path: "rlplay_cases.py").path,
        toPath: directory.path("own_cases.py"))
      for id in ["gym:CartPole-v1", "gym:own_cases:Counter-v0"] {
        let outcome = try RunningProgram.run(
          Executable.rlplay, ["check-env", id, "--steps", "20"], in: directory.url,
          environment: path.map { ["PYTHONPATH": $0] } ?? [:])
        #expect(!outcome.errors.contains("Error: "), "\(outcome.errors)")
        #expect(outcome.output.contains("steps/s"), "\(outcome.output)\(outcome.errors)")
      }
      #expect(!directory.names.contains("RAN"))
    }

    @Test func `evaluations share their Python, and batches leave nothing behind`() async {
      await #expect(processExitsWith: .success) {
        let policy = NetworkPolicy(hidden: [8])
        func evaluate() throws -> [EvaluationResult] {
          let evaluator = try Evaluator(
            environment: "gym:CartPole-v1", policy: policy, choice: .sample, seed: 1)
          let weights = FlatVector<Float>(repeating: 0, count: evaluator.parameters.elementCount)
          let results = try (0..<3).map { _ in
            try evaluator.evaluate(weights, episodes: 0..<5)
          }
          #expect(ProcessTable.children(of: getpid()).count == 1)
          return results
        }
        // The first call creates objects that Foundation keeps, and queries the spaces.
        let results = try evaluate()
        #expect(Set(results.map(\.lengths)).count == 1)
        #expect(Set(results[0].lengths).count > 1)
        let names = ProcessTable.sharedMemoryNames
        let descriptors = ProcessTable.descriptorCount(of: getpid())
        for _ in 0..<5 {
          #expect(try evaluate() == results)
          #expect(ProcessTable.unreaped(of: getpid()).isEmpty)
          #expect(LeakTests.descriptorsFall(to: descriptors))
        }
        #expect(ProcessTable.sharedMemoryNames == names)
      }
    }

    /// Tests environments that sleep in Python, and environments that never return from C.
    @Test(arguments: ["hang", "spin"])
    func `no Python outlives a worker or a learner that is killed`(fault: String) throws {
      let program = try train("rlplay_cases:Faulty-\(fault)-v0", "--eval-every", "0")
      let workers = try program.waitForWorkers(2)
      // Both workers have a Python process.
      try program.wait(within: 30, until: "both had Python") {
        workers.allSatisfy { ProcessTable.children(of: $0).count == 1 }
      }
      usleep(1_500_000)
      let pythons = ProcessTable.children(of: workers[0])
      program.send(SIGSTOP)
      kill(workers[0], SIGKILL)
      #expect(eventually(within: 5) { pythons.allSatisfy { !ProcessTable.isRunning($0) } })
      program.send(SIGKILL)
      #expect(program.waitForFamilyToEnd(within: 5) != nil)
    }

    @Test func `an exception ends the run with its traceback`() throws {
      let outcome = try train("rlplay_cases:Faulty-raise-v0", "--eval-every", "0")
        .waitForEnd(within: 90)
      #expect(outcome.exitCode == 1)
      #expect(outcome.errors.contains("failed at step 2 of its episode: ValueError"))
      #expect(outcome.errors.contains("rlplay_cases.py"), "\(outcome.errors)")
    }

    @Test(arguments: [
      (["--env", "gym:CartPoll-v1"], "CartPole"),
      (["--env", "gym:CartPole-v1", "--python", "/nowhere/python3"], "'/nowhere/python3'"),
    ])
    func `a wrong name is bad input`(options: [String], word: String) throws {
      let outcome = try RunningProgram.run(
        Executable.rlplay, ["train", "--run-dir", directory.path("run")] + options)
      #expect(outcome.exitCode == 64)
      #expect(outcome.errors.hasPrefix("Error: "))
      #expect(outcome.errors.contains(word), "\(outcome.errors)")
      #expect(outcome.errors.contains("\nUsage: rlplay train [options]"))
    }
  }
}
