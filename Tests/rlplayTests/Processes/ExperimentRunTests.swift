import Foundation
import Glibc
import Learner
import TestSupport
import Testing

extension ProcessTests {
  /// Experiments with real runs of CartPole.
  struct ExperimentRunTests {
    private let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private func start(_ options: String...) throws -> RunningProgram {
      try RunningProgram(
        Executable.rlplay,
        ["train", "--quiet", "--json"] + Self.small + options, in: directory.url)
    }

    /// Options of runs that are fast without optimization.
    private static let small = [
      "--actors", "1", "--hidden", "none", "--eval-episodes", "5", "--run-dir", "all",
    ]

    private func setups(_ outcome: RunningProgram.Outcome) throws -> [[String: Any]] {
      try #require(outcome.json["setups"] as? [[String: Any]], "\(outcome.errors)")
    }

    private func runs(_ setup: [String: Any]) throws -> [[String: Any]] {
      try #require(setup["runs"] as? [[String: Any]])
    }

    private func states(_ outcome: RunningProgram.Outcome) throws -> [String] {
      try setups(outcome).flatMap(runs).compactMap { $0["state"] as? String }
    }

    /// The states of the runs by directory, as `rlplay runs` lists them.
    private func listed(_ arguments: String...) throws -> [String: String] {
      let outcome = try RunningProgram.run(
        Executable.rlplay, ["runs", "--json"] + arguments, in: directory.url)
      let runs = try #require(outcome.json["runs"] as? [[String: Any]])
      return Dictionary(
        uniqueKeysWithValues: runs.map {
          ($0["run_dir"] as? String ?? "", $0["state"] as? String ?? "")
        })
    }

    private func exists(_ path: String) -> Bool {
      FileManager.default.fileExists(atPath: directory.path(path))
    }

    private func text(_ path: String) throws -> String {
      try String(contentsOfFile: directory.path(path), encoding: .utf8)
    }

    // MARK: Results

    @Test func `seeds are trained and compared, and the same command repeats nothing`() throws {
      func train(_ more: String..., seeds: String = "1..3") throws -> RunningProgram.Outcome {
        try RunningProgram.run(
          Executable.rlplay,
          ["train", "--seeds", seeds, "--jobs", "2", "--steps", "2000", "--eval-every", "1000"]
            + Self.small + more, in: directory.url, within: 60)
      }
      let outcome = try train()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.output.hasPrefix("3 runs in all, at most 2 at once\n"))
      let table = outcome.output.split(separator: "\n").map(String.init)
      #expect(table[1].hasPrefix("set-up"))
      #expect(table[2].hasPrefix("all seeds") && table[2].contains(" 3/3 "))
      #expect(table[3].hasPrefix("best run: all/seed-") && table.count == 4)
      #expect(
        try listed("all") == ["all/seed-1": "done", "all/seed-2": "done", "all/seed-3": "done"])
      // The output of a run is that of a single run.
      #expect(try text("all/seed-2/output.txt").contains("seed 2, saved in all/seed-2"))

      let written = try text("all/experiment.json")
      let again = try train("--json")
      #expect(again.exitCode == 0)
      #expect(again.output.hasSuffix(written))
      let setup = try #require(try setups(again).first)
      let lasts = try runs(setup).map { try #require($0["eval_return"] as? Double) }
      let last = try #require(setup["last"] as? [String: Double])
      #expect(last["median"] == lasts.sorted()[1])
      #expect(last["q1"] == (lasts.sorted()[0] + lasts.sorted()[1]) / 2)
      #expect(setup["steps_to_return"] as? [String: Double] == nil)

      // More seeds are added to those that are there; other options are refused.
      let one = directory.path("all/seed-1/config.json")
      let time = try FileManager.default.attributesOfItem(atPath: one)[.modificationDate] as? Date
      let more = try train("--quiet", "--json", seeds: "1..4")
      #expect(try states(more) == ["done", "done", "done", "done"])
      #expect(
        try FileManager.default.attributesOfItem(atPath: one)[.modificationDate] as? Date == time)
      let other = try train("--gamma", "0.5")
      #expect(other.exitCode == 1)
      #expect(
        other.errors == """
          Error: 'all/seed-1' holds a run with --gamma 0.98 and not 0.5; give the options of the \
          experiment, or another --run-dir\n
          """)
    }

    @Test func `defaults for an environment are those of a single run, and chosen once`() throws {
      let options = ["train", "--quiet", "--env", "NeedsChance-v0", "--steps", "1000"]
      func train(_ more: String...) throws -> RunningProgram.Outcome {
        try RunningProgram.run(
          Executable.faultyTrainer, options + more, in: directory.url, within: 60)
      }
      for _ in 0..<2 {
        let outcome = try train("--seeds", "1..2", "--run-dir", "all", "--json")
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(try states(outcome) == ["done", "done"])
      }
      #expect(try train("--seed", "1", "--run-dir", "one").exitCode == 0)
      var (one, first) = (
        try TrainingConfiguration(contentsOf: directory.path("one/config.json")),
        try TrainingConfiguration(contentsOf: directory.path("all/seed-1/config.json"))
      )
      #expect(one.actorCount * one.environmentsPerActor == 16)
      (one.runDirectory, first.runDirectory) = (nil, nil)
      #expect(first == one)
    }

    @Test func `a sweep is sorted by its result and names the best command`() throws {
      // Every episode of an untrained car has the return -200.
      let outcome = try start(
        "--sweep", "env=MountainCar-v0,CartPole-v1", "--seeds", "1,2", "--steps", "2000",
        "--eval-every", "1000"
      ).waitForEnd(within: 60)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let setups = try setups(outcome)
      #expect(
        setups.map { ($0["values"] as? [String: String])?["env"] } == [
          "CartPole-v1", "MountainCar-v0",
        ])
      let medians = setups.compactMap { ($0["last"] as? [String: Double])?["median"] }
      #expect(medians.count == 2 && medians[0] > 0 && medians[1] == -200)
      let command = try #require(outcome.json["best_command"] as? String)
      #expect(command.hasPrefix("rlplay train --env CartPole-v1 --actors 1 "), "\(command)")
      let best = try #require(outcome.json["best_run"] as? String)
      #expect(best.hasPrefix("all/env=CartPole-v1/seed-"))
      #expect(command.contains(" --seed \(best.suffix(1)) "))
      #expect(try listed().isEmpty)
      #expect(try listed(".").count == 4)
    }

    @Test func `a run without the target return is done and not a failure`() throws {
      let outcome = try start(
        "--sweep", "until-return=8,100000", "--seed", "1", "--steps", "4000", "--eval-every",
        "1000",
        "--eval-sample"
      ).waitForEnd(within: 60)
      #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      let setups = try setups(outcome)
      #expect(try states(outcome) == ["done", "done"])
      #expect(try setups.map { try runs($0)[0]["reached"] as? Bool } == [true, false])
      let steps = try #require((setups[0]["steps_to_return"] as? [String: Double])?["median"])
      #expect(steps >= 1000 && steps < 4000)
      #expect((setups[1]["steps_to_return"] as? [String: Any])?["median"] is NSNull)
    }

    // MARK: Failures

    @Test func `a run that fails is named with its reason and does not end the others`() throws {
      let outcome = try start("--sweep", "torso=nature,mlp", "--steps", "2000", "--eval-every", "0")
        .waitForEnd(within: 60)
      #expect(outcome.exitCode == 1)
      let reason = "torso=nature failed: "
      #expect(outcome.errorLines.count == 1 && outcome.errors.hasPrefix(reason))
      #expect(try states(outcome).sorted() == ["done", "failed"])
      #expect(try text("all/torso=nature/output.txt").contains("Usage: rlplay train"))
    }

    @Test func `a run that is killed fails, and the others go on`() throws {
      let program = try start(
        "--sweep", "steps=2000,\(StopTests.endless)", "--jobs", "2", "--eval-every", "0")
      try program.wait(until: "one run was done and the other active") {
        exists("all/steps=2000/ending.json") && program.workers.count == 1
          && exists("all/steps=\(StopTests.endless)/config.json")
      }
      kill(try #require(program.workers.first), SIGKILL)
      let outcome = try program.waitForEnd(within: 30)
      #expect(outcome.exitCode == 1)
      #expect(try states(outcome).sorted() == ["done", "failed"])
      #expect(
        outcome.errors
          == "steps=\(StopTests.endless) failed: its process was ended by SIGKILL\n")
    }

    @Test func `a mistake in any run is refused before anything is created`() throws {
      for mistake in [["--sweep", "gamma=0.9,2"], ["--sweep", "env=CartPole-v1,CartPole-v9"]] {
        let outcome = try RunningProgram.run(
          Executable.rlplay, ["train", "--run-dir", "all"] + mistake, in: directory.url)
        #expect(outcome.exitCode == 64, "\(outcome.errors)")
        #expect(directory.names.isEmpty)
      }
      try Data().write(to: directory.url.appendingPathComponent("notes"))
      let outcome = try RunningProgram.run(
        Executable.rlplay, ["train", "--seeds", "1", "--run-dir", "."], in: directory.url)
      #expect(outcome.exitCode == 1)
      #expect(outcome.errors.contains("is not empty (it has 'notes') and holds no experiment"))
    }

    // MARK: Interruptions

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `a signal stops and saves the runs, which the same command resumes`(signal: Int32) throws {
      func start() throws -> RunningProgram {
        // Saving after each update makes the runs long enough to be stopped.
        try self.start(
          "--seeds", "1..3", "--jobs", "2", "--steps", "20000", "--eval-every", "0",
          "--save-every", "1")
      }
      let program = try start()
      try program.wait(until: "two runs learned") {
        exists("all/seed-1/config.json") && exists("all/seed-2/config.json")
      }
      program.send(signal)
      let outcome = try program.waitForEnd(within: 30)
      #expect(outcome.exitCode == 128 + signal)
      #expect(outcome.errors.isEmpty, "\(outcome.errors)")
      #expect(program.family.isEmpty)
      #expect(try states(outcome) == ["interrupted", "interrupted", "waiting"])
      #expect(try listed("all") == ["all/seed-1": "interrupted", "all/seed-2": "interrupted"])
      #expect(exists("all/seed-1/checkpoints/state.safetensors"))
      let again = try start().waitForEnd(within: 90)
      #expect(again.exitCode == 0, "\(again.errors)")
      #expect(try states(again) == ["done", "done", "done"])
    }

    @Test func `a signal to every process of a job saves the runs too`() throws {
      let program = try start(
        "--seeds", "1,2", "--jobs", "2", "--steps", StopTests.endless, "--eval-every", "0")
      try program.wait(until: "two runs learned") {
        exists("all/seed-1/config.json") && exists("all/seed-2/config.json")
      }
      for process in program.family { kill(process, SIGTERM) }
      let outcome = try program.waitForEnd(within: 30)
      #expect(outcome.exitCode == 128 + SIGTERM)
      #expect(try states(outcome) == ["interrupted", "interrupted"])
      #expect(exists("all/seed-1/checkpoints/state.safetensors"))
      #expect(exists("all/seed-2/checkpoints/state.safetensors"))
    }

    @Test func `runs save and end if the experiment is killed`() throws {
      let program = try start(
        "--seeds", "1,2", "--jobs", "2", "--steps", StopTests.endless, "--eval-every", "0")
      try program.wait(until: "two runs learned") {
        exists("all/seed-1/config.json") && exists("all/seed-2/config.json")
      }
      program.send(SIGKILL)
      #expect(program.waitForFamilyToEnd(within: 20) != nil)
      #expect(try listed("all") == ["all/seed-1": "interrupted", "all/seed-2": "interrupted"])
      #expect(exists("all/seed-1/checkpoints/state.safetensors"))
      #expect(exists("all/seed-2/checkpoints/state.safetensors"))
    }

    @Test func `only one process trains an experiment`() throws {
      let program = try start("--seeds", "1", "--steps", StopTests.endless, "--eval-every", "0")
      try program.wait(until: "a run learned") { exists("all/seed-1/config.json") }
      let other = try start("--seeds", "2", "--steps", "2000").waitForEnd()
      #expect(other.exitCode == 1)
      #expect(
        other.errors == "Error: another process trains the experiment in 'all'; stop it first\n")
      program.send(SIGTERM)
      #expect(try program.waitForEnd(within: 30).exitCode == 128 + SIGTERM)
    }
  }
}
