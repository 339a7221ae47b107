import Foundation
import Glibc
import Learner
import Rollout
import TestSupport
import Testing

extension ProcessTests {
  /// Environments that misbehave in evaluations (Tests/FaultyTrainer).
  struct EvaluationFaultTests {
    /// Faults of an environment, with a part of their reports.
    static let faults = [
      "Exits": "exited with code 0",
      "Traps": "was killed by signal 4 (SIGILL)",
      "Throws": "exited with code 1",
      "Segfaults": "was killed by signal 11 (SIGSEGV)",
      "Dies": "was killed by signal 9 (SIGKILL)",
      "Hangs": "because it made no progress for 1 s",
      "Stops": "because it made no progress for 1 s",
    ]

    private let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private func train(
      _ environment: String, _ options: [String: Any] = [:], name: String = "run"
    ) throws -> (program: RunningProgram, outcome: RunningProgram.Outcome) {
      var all: [String: Any] = [
        "steps": 4000, "eval-every": 1000, "eval-episodes": 4, "seed": 1, "hang-timeout": 1,
        "run-dir": directory.path(name),
      ]
      all.merge(options) { $1 }
      let program = try ProcessTests.trainFaulty(environment, all, in: directory)
      return (program, try program.waitForEnd())
    }

    private func evaluations(_ name: String = "run") throws -> [Double] {
      try String(contentsOfFile: directory.path("\(name)/metrics.jsonl"), encoding: .utf8)
        .split(separator: "\n").compactMap { line in
          let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
          return (object as? [String: Any])?["eval_return"] as? Double
        }
    }

    private func weights(_ checkpoint: String, of name: String = "run") throws -> [[Float]] {
      let path = "\(name)/checkpoints/\(checkpoint).safetensors"
      return try Checkpoint.load(from: directory.url.appendingPathComponent(path))
        .parameters.map(\.values)
    }

    // MARK: Once

    @Test(arguments: faults.keys.sorted(), ["Evaluation", "LaterEvaluation"])
    func `a fault changes neither an evaluation's result nor the weights`(
      fault: String, place: String
    ) throws {
      let names = ProcessTable.sharedMemoryNames
      let sound = try train("IdlesIn\(place)-v0", ["deterministic": true], name: "sound").outcome
      #expect(sound.exitCode == 0 && sound.errors.isEmpty, "\(sound.errors)")
      let (program, outcome) = try train("\(fault)In\(place)-v0", ["deterministic": true])
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.count("env_steps") == 4000)
      #expect(outcome.count("worker_restarts") == 0)
      #expect(outcome.deaths.count == 1, "\(outcome.errors)")
      let report = outcome.deaths.first ?? ""
      #expect(report.contains(try #require(Self.faults[fault])), "\(report)")
      let (episode, step) = place == "Evaluation" ? (1, 0) : (2, 6)
      #expect(report.contains(" in episode \(episode) at step \(step) of \(fault)In"), "\(report)")
      #expect(try evaluations() == evaluations("sound"))
      #expect(try evaluations().count == 4)
      #expect(try weights("best") == weights("best", of: "sound"))
      #expect(try weights("last") == weights("last", of: "sound"))
      #expect(program.family.isEmpty)
      #expect(ProcessTable.sharedMemoryNames == names)
    }

    @Test(arguments: faults.keys.sorted())
    func `asynchronous runs survive it as well`(fault: String) throws {
      let (program, outcome) = try train("\(fault)InEvaluation-v0")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.count("env_steps") == 4000)
      #expect(outcome.deaths.count == 1, "\(outcome.errors)")
      #expect(try evaluations().count == 4)
      #expect(program.family.isEmpty)
    }

    @Test func `an evaluation may take longer than a process that hangs`() throws {
      let (_, outcome) = try train("Unmarked-v0", ["eval-every": 4000, "max-episode-steps": 10])
      #expect(outcome.exitCode == 0 && outcome.deaths.isEmpty, "\(outcome.errors)")
      #expect(try evaluations().count == 1)
    }

    // MARK: Always

    @Test(arguments: faults.keys.sorted(), [false, true])
    func `a fault that repeats itself ends a run that is saved`(
      fault: String, deterministic: Bool
    ) throws {
      let names = ProcessTable.sharedMemoryNames
      let (program, outcome) = try train(
        "Always\(fault)InEvaluation-v0", ["deterministic": deterministic])
      #expect(outcome.exitCode == 1, "\(outcome.errors)")
      #expect(outcome.deaths.count == (fault == "Dies" ? 9 : 2), "\(outcome.errors)")
      let errors = outcome.errorLines.filter { $0.hasPrefix("Error: ") }
      #expect(errors.count == 1, "\(outcome.errors)")
      let report = try #require(outcome.errorLines.last)
      #expect(report.hasPrefix("Error: the evaluation process (pid "), "\(report)")
      #expect(report.contains(try #require(Self.faults[fault])), "\(report)")
      #expect(report.contains(" in episode 1 at step 0 "), "\(report)")
      #expect(report.contains("--eval-every 0"), "\(report)")
      let file = directory.url.appendingPathComponent("run/checkpoints/state.safetensors")
      let state = try RunState.load(from: file)
      #expect(state.steps >= 1000)
      #expect(try !weights("last").isEmpty)
      #expect(program.family.isEmpty)
      #expect(ProcessTable.sharedMemoryNames == names)
    }

    @Test func `the last evaluation of a run is no exception`() throws {
      let (program, outcome) = try train("AlwaysExitsInEvaluation-v0", ["eval-every": 1_000_000])
      #expect(outcome.exitCode == 1, "\(outcome.errors)")
      let report = try #require(outcome.errorLines.last)
      #expect(report.contains("the run was saved: all its steps are done"), "\(report)")
      let last = directory.url.appendingPathComponent("run/checkpoints/last.safetensors")
      #expect(try Checkpoint.load(from: last).metadata["env_steps"] == "4000")
      #expect(program.family.isEmpty)
    }

    // MARK: Signals

    @Test func `a signal ends a run whose evaluation hangs`() throws {
      let program = try ProcessTests.trainFaulty(
        "StopsInEvaluation-v0", ["eval-every": 1000, "hang-timeout": "none"], in: directory)
      try program.wait(until: "the evaluation process was stopped") {
        program.workers.contains { ProcessTable.isStopped($0) }
      }
      program.send(SIGTERM)
      let outcome = try program.waitForEnd(within: 10)
      #expect(outcome.exitCode == 128 + SIGTERM, "\(outcome.errors)")
      let last = directory.url.appendingPathComponent("run/checkpoints/last.safetensors")
      #expect(try Checkpoint.load(from: last).metadata["env_steps"] == "1000")
      #expect(program.family.isEmpty)
    }

    @Test func `an evaluation process that hangs goes with the learner`() throws {
      let program = try ProcessTests.trainFaulty(
        "HangsInEvaluation-v0", ["eval-every": 100, "hang-timeout": "none"], in: directory)
      // Three workers and the evaluation process.
      _ = try program.waitForWorkers(4)
      program.send(SIGKILL)
      #expect(try #require(program.waitForFamilyToEnd(within: 5)) < 1)
    }

    @Test func `a process that dies between evaluations is replaced at the next one`() throws {
      let program = try ProcessTests.trainFaulty(
        "IdlesInEvaluation-v0",
        ["steps": 20_000, "eval-every": 10_000, "eval-episodes": 4], in: directory)
      var evaluator: Int32?
      try program.wait(until: "an evaluation process ran") {
        evaluator = program.workers.first { pid in
          let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
          return String(decoding: line, as: UTF8.self).contains("evaluator")
        }
        return evaluator != nil
      }
      let victim = try #require(evaluator)
      // Stopped workers keep the run from its first evaluation.
      let workers = program.workers.filter { $0 != victim }
      for worker in workers { kill(worker, SIGSTOP) }
      kill(victim, SIGKILL)
      try program.wait(until: "it was gone") { !ProcessTable.isRunning(victim) }
      for worker in workers { kill(worker, SIGCONT) }
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("SIGKILL"), "\(outcome.errors)")
      #expect(try evaluations().count == 2)
      #expect(program.family.isEmpty)
    }

    // MARK: In the learner's process

    @Test(arguments: [[], ["--eval-sample"]])
    func `both processes play the same evaluations`(options: [String]) throws {
      for collector in ["same", "single"] {
        let outcome = try RunningProgram.run(
          Executable.rlplay,
          [
            "train", "--collector", collector, "--lag", "1", "--steps", "12000", "--eval-every",
            "2000", "--eval-episodes", "10", "--eval-workers", "0", "--envs-per-actor", "4",
            "--seed", "3", "--quiet", "--run-dir", directory.path(collector),
          ] + options, in: directory.url)
        #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      }
      #expect(try evaluations("same").count == 6)
      #expect(try evaluations("same") == evaluations("single"))
      for checkpoint in ["best", "last"] {
        #expect(try weights(checkpoint, of: "same") == weights(checkpoint, of: "single"))
      }
    }

    @Test func `an exit in the learner's own process is a failure with a sentence`() throws {
      let (_, outcome) = try train("ExitsInLearner-v0", ["collector": "same"])
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.errorLines == [
          "Error: an environment ended the program during training: it called exit."
        ])
    }

    @Test func `same evaluates in the learner's process`() throws {
      let (_, outcome) = try train("AlwaysExitsInEvaluation-v0", ["collector": "same"])
      #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    }

    // MARK: Warnings

    @Test func `greedy evaluations far below training are reported once`() throws {
      // Nothing is learned, so that actions stay drawn.
      let options: [String: Any] = [
        "steps": 20_000, "learning-rate": 1e-9, "eval-every": 1000, "entropy-cost": 1,
        "inputs": "obs",
      ]
      let greedy = try train("NeedsChance-v0", options).outcome
      #expect(greedy.exitCode == 0)
      #expect(greedy.errorLines.count == 1, "\(greedy.errors)")
      #expect(greedy.errors.contains("--eval-sample"), "\(greedy.errors)")
      #expect(try evaluations().allSatisfy { $0 == 0 })
      let sampled = try train(
        "NeedsChance-v0", options.merging(["eval-sample": true]) { $1 }, name: "sampled")
      #expect(sampled.outcome.errors.isEmpty, "\(sampled.outcome.errors)")
      #expect(try evaluations("sampled").allSatisfy { $0 >= 0.5 })
      let saved = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: directory.path("sampled/config.json"))))
      #expect((saved as? [String: Any])?["eval-sample"] as? Bool == true)
    }

    @Test func `episodes that do not end are reported once`() throws {
      let outcome = try train(
        "NeverEnds-v0", ["eval-every": 2000, "eval-episodes": 1]
      ).outcome
      #expect(outcome.exitCode == 0)
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
      #expect(
        outcome.errors.contains("1 of 1 evaluated episodes had not ended after 100,000 steps"))
      #expect(outcome.json["eval_return"] as? Double == 100_000)
    }
  }
}
