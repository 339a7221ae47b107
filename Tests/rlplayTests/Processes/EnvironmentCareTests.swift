import Foundation
import Glibc
import Learner
import Rollout
import TestSupport
import Testing

extension ProcessTests {
  /// Environments of one's own in Swift: alike in every process, scaled actions, repetition.
  struct EnvironmentCareTests {
    @Test func `other spaces in a worker end the run at once with both`() throws {
      let directory = try ScratchDirectory()
      let outcome = try ProcessTests.trainFaulty("DiffersInWorkers-v0", in: directory).waitForEnd()
      #expect(outcome.exitCode == 1)
      #expect(outcome.deaths.isEmpty, "\(outcome.errors)")
      let report = try #require(outcome.errorLines.last)
      #expect(report.hasPrefix("Error: worker "), "\(report)")
      #expect(
        report.contains(
          "has the observation space Box(0.0, 1.0, [3], float32), but the learner's has "
            + "Box(0.0, 1.0, [2], float32): DiffersInWorkers-v0 must be the same"), "\(report)")
    }

    private func trainWide(_ options: [String: Any]) throws -> RunningProgram.Outcome {
      let directory = try ScratchDirectory()
      return try ProcessTests.trainFaulty(
        "Wide-v0",
        [
          "algorithm": "ppo", "actors": 1, "buffers": 3, "fragments-per-batch": 1,
          "envs-per-actor": 8, "steps": 40000,
          "eval-every": 40000, "seed": 1, "deterministic": true,
        ].merging(options) { $1 }, in: directory
      ).waitForEnd(within: 50)
    }

    @Test func `actions far from 1 are learned by default`() throws {
      let outcome = try trainWide([:])
      #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      #expect(try #require(outcome.json["eval_return"] as? Double) > -1)
    }

    @Test func `bounds that actions are clipped to are told at the start where they are odd`()
      throws
    {
      let outcome = try trainWide(["action-bounds": "clip", "steps": 400])
      #expect(outcome.exitCode == 0)
      #expect(
        outcome.errors.contains(
          "the action space Box(0.0, 1000.0, [1], float32) is far from the range"),
        "\(outcome.errors)")
    }

    @Test(arguments: ["multi", "same"])
    func `a run that is to repeat itself warns of an environment that does not`(
      collector: String
    ) throws {
      let directory = try ScratchDirectory()
      func warnings(_ environment: String, _ deterministic: Bool) throws -> [String] {
        let outcome = try ProcessTests.trainFaulty(
          environment,
          [
            "deterministic": deterministic, "collector": collector, "steps": 1000,
            "run-dir": directory.path(UUID().uuidString),
          ], in: directory
        ).waitForEnd()
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        return outcome.errorLines
      }
      let warned = try warnings("Restless-v0", true)
      #expect(
        warned.count == 1 && warned[0].contains("Restless-v0 is not deterministic"), "\(warned)")
      #expect(warned[0].contains("differs between two runs with one seed"), "\(warned)")
      #expect(try warnings("Restless-v0", false).isEmpty)
      #expect(try warnings("Wide-v0", true).isEmpty)
    }

    @Test func `a checkpoint says how its actions were bounded`() throws {
      let directory = try ScratchDirectory()
      func train(_ options: String...) throws -> Checkpoint {
        let name = UUID().uuidString
        let run = try RunningProgram.run(
          Executable.rlplay,
          [
            "train", "--quiet", "--algorithm", "ppo", "--steps", "2000", "--eval-every", "0",
            "--actors",
            "1", "--buffers", "3", "--fragments-per-batch", "1", "--run-dir", directory.path(name),
          ] + options, in: directory.url)
        #expect(run.exitCode == 0, "\(run.errors)")
        return try Checkpoint.load(
          from: URL(fileURLWithPath: directory.path("\(name)/checkpoints/last.safetensors")))
      }
      let key = Checkpoint.Key.actionBounds
      var scaled = try train("--env", "Pendulum-v1")
      #expect(scaled.metadata[key] == "scale")
      #expect(try TrainedPolicy(scaled).environment.actionBounds == .scale)
      let clipped = try train("--env", "Pendulum-v1", "--action-bounds", "clip")
      #expect(clipped.metadata[key] == "clip")
      #expect(try TrainedPolicy(clipped).environment.actionBounds == .clip)
      // An older one was trained with clipped actions; one without bounds has no such key.
      scaled.metadata[key] = nil
      #expect(try TrainedPolicy(scaled).environment.actionBounds == .clip)
      scaled.metadata[key] = "stretch"
      #expect(throws: CheckpointError.self) { try TrainedPolicy(scaled) }
      #expect(try train("--env", "CartPole-v1").metadata[key] == nil)
    }
  }

  /// Gymnasium environments that are slow or unlike, and what they started.
  @Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"))
  struct GymnasiumCareTests {
    let cases: PythonEnvironments
    let directory: ScratchDirectory

    init() throws {
      cases = try PythonEnvironments()
      directory = try ScratchDirectory()
      try cases.add(
        "care",
        """
        import os, subprocess, time
        import gymnasium as gym, numpy as np
        made = []

        class Care(gym.Env):
            action_space = gym.spaces.Discrete(2)
            def __init__(self, start=0, close=0, differs=False):
                self.close_seconds = close
                size = 3 + (differs and "worker" in open(f"/proc/{os.getppid()}/cmdline").read())
                self.observation_space = gym.spaces.Box(-1, 1, (size,), np.float32)
                made.append(self)
                time.sleep(1000 if start == "hang" and len(made) == 2 else 0)
                self.simulator = subprocess.Popen(["sleep", "1000"])
            def look(self):
                return np.zeros(self.observation_space.shape, np.float32)
            def reset(self, *, seed=None, options=None):
                self.t = 0
                return self.look(), {}
            def step(self, action):
                self.t += 1
                return self.look(), 1.0, self.t >= 10, False, {}
            def close(self):
                time.sleep(self.close_seconds)
                self.simulator.terminate()
                with open(os.path.join(os.path.dirname(__file__), "closed"), "a") as file:
                    file.write("x")
        gym.register("Care-v0", Care)
        gym.register("Slow-v0", Care, kwargs={"close": 1.2})
        gym.register("Never-v0", Care, kwargs={"close": 1000})
        gym.register("Hang-v0", Care, kwargs={"start": "hang"})
        gym.register("Differs-v0", Care, kwargs={"differs": True})
        """)
    }

    func train(_ id: String, steps: Int, _ options: String...) throws -> RunningProgram {
      try RunningProgram(
        Executable.rlplay,
        [
          "train", "--quiet", "--json", "--env", "gym:care:\(id)-v0", "--python", cases.python,
          "--actors", "2", "--buffers", "6", "--envs-per-actor", "2", "--fragments-per-batch", "1",
          "--seed", "1", "--run-dir", directory.path("run"), "--eval-every", "0", "--steps",
          "\(steps)",
        ] + options)
    }

    /// Begun and learning, as its first saved file shows.
    func waitForLearning(_ program: RunningProgram) throws {
      try program.wait(within: 30, until: "metrics were written") {
        FileManager.default.contents(atPath: directory.path("run/metrics.jsonl"))?.isEmpty == false
      }
    }

    @Test func `environments that take long to close are waited for`() throws {
      let program = try train("Slow", steps: 1000)
      let outcome = try program.waitForEnd(within: 40)
      #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      // Two of each worker, and the one that was asked for its spaces.
      #expect(cases.closedCount == 5)
      #expect(program.family.isEmpty)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `environments are closed after a signal, too`(signal: Int32) throws {
      let program = try train("Slow", steps: 1_000_000_000)
      try waitForLearning(program)
      program.send(signal)
      let outcome = try program.waitForEnd(within: 30)
      #expect(outcome.exitCode == 128 + signal && outcome.errors.isEmpty, "\(outcome.errors)")
      #expect(cases.closedCount == 5)
      #expect(program.family.isEmpty)
    }

    @Test func `a second signal ends everything at once, with what environments started`() throws {
      let program = try train("Never", steps: 1_000_000_000, "--close-timeout", "1")
      try waitForLearning(program)
      program.send(SIGINT)
      usleep(300_000)
      program.send(SIGINT)
      let outcome = try program.waitForEnd(within: 1)
      #expect(outcome.exitCode == 130)
      #expect(program.waitForFamilyToEnd(within: 2) != nil)
    }

    @Test func `an environment that does not close is killed with what it started, and told`()
      throws
    {
      let program = try train("Never", steps: 500, "--close-timeout", "0.5")
      let outcome = try program.waitForEnd(within: 30)
      #expect(outcome.exitCode == 0)
      for worker in 0..<2 {
        let report = outcome.errorLines.filter { $0.hasPrefix("worker \(worker) (pid ") }
        #expect(report.count == 1, "\(outcome.errors)")
        #expect(
          report[0].contains(
            "was killed while closing environment 0 of gym:care:Never-v0, which took more than "
              + "0.5 s: give a longer --close-timeout"), "\(report)")
      }
      #expect(program.family.isEmpty)
    }

    @Test(arguments: [false, true])
    func `what environments started goes with a worker or a learner that is killed`(
      killsLearner: Bool
    ) throws {
      let program = try train("Care", steps: 1_000_000_000)
      try waitForLearning(program)
      let worker = program.workers[0]
      var simulators: [pid_t] = []
      // The other worker's fragments may be learned from before this one has started its Python.
      let hasStarted = eventually(within: 60) {
        simulators = ProcessTable.children(of: worker).flatMap { ProcessTable.children(of: $0) }
        return simulators.count == 2
      }
      #expect(hasStarted)
      kill(killsLearner ? program.pid : worker, SIGKILL)
      #expect(eventually(within: 5) { simulators.allSatisfy { !ProcessTable.isRunning($0) } })
      program.send(SIGKILL)
      #expect(program.waitForFamilyToEnd(within: 5) != nil)
    }

    @Test func `a worker that hangs at its start is told with the environment`() throws {
      let program = try train("Hang", steps: 1000, "--hang-timeout", "4")
      let outcome = try program.waitForEnd(within: 50)
      #expect(outcome.exitCode == 1)
      let report = try #require(outcome.errorLines.last)
      #expect(
        report.contains("because it made no progress for 4 s while making environment 1"),
        "\(outcome.errors)")
      #expect(program.waitForFamilyToEnd(within: 5) != nil)
    }

    @Test func `other spaces in a worker's Python end the run with both`() throws {
      let outcome = try train("Differs", steps: 1000).waitForEnd(within: 30)
      #expect(outcome.exitCode == 1)
      #expect(outcome.deaths.isEmpty, "\(outcome.errors)")
      let report = try #require(outcome.errorLines.last)
      #expect(
        report.contains(
          "'s environment has the observation space Box(-1.0, 1.0, (4,), float32), but the "
            + "learner's has Box(-1.0, 1.0, (3,), float32)"), "\(report)")
    }
  }
}
