import Actor
import Foundation
import Learner
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of evaluations beside training.
  struct ParallelEvaluationTests {
    private let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private func train(_ options: String...) throws -> RunningProgram.Outcome {
      let outcome = try RunningProgram.run(
        Executable.rlplay,
        ["train", "--json", "--actors", "2", "--seed", "5", "--run-dir", "run"] + options,
        in: directory.url)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      return outcome
    }

    private func records() throws -> [[String: Any]] {
      try String(contentsOfFile: directory.path("run/metrics.jsonl"), encoding: .utf8)
        .split(separator: "\n").map { line in
          try #require(
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    private func evaluations() throws -> [[String: Any]] {
      try records().filter { $0["eval_return"] != nil }
    }

    private func checkpoint(_ name: String) throws -> Checkpoint {
      try Checkpoint.load(
        from: directory.url.appendingPathComponent("run/checkpoints/\(name).safetensors"))
    }

    @Test(arguments: ["0", "1", "3"])
    func `a result belongs to the weights that were evaluated`(workers: String) throws {
      let outcome = try train(
        "--steps", "60000", "--eval-every", "5000", "--eval-episodes", "8", "--eval-workers",
        workers)
      let evaluations = try evaluations()
      #expect(workers == "0" ? evaluations.count >= 12 : evaluations.count >= 2)
      for evaluation in evaluations {
        let now = try #require(evaluation["env_steps"] as? Int)
        let then = try #require(evaluation["eval_env_steps"] as? Int)
        #expect(workers == "0" ? then == now : then <= now)
        #expect(evaluation["eval_episodes"] as? Int == 8)
        let returns = try ["min", "median", "max"].map {
          try #require(evaluation["eval_\($0)"] as? Double)
        }
        #expect(returns == returns.sorted())
        #expect(evaluation["eval_length"] as? Double == evaluation["eval_return"] as? Double)
      }
      // Records stay in the order of steps, which resuming relies on.
      let steps = try records().map { try #require($0["env_steps"] as? Int) }
      #expect(steps == steps.sorted())
      // The final weights are evaluated, and the best ones are those of their record.
      let last = try #require(evaluations.last)
      #expect(last["eval_env_steps"] as? Int == outcome.count("env_steps"))
      let best = try #require(outcome.json["best_return"] as? Double)
      #expect(best == evaluations.compactMap { $0["eval_return"] as? Double }.max())
      let checkpoint = try checkpoint("best")
      let record = try #require(
        evaluations.first { $0["eval_return"] as? Double == best })
      #expect(checkpoint.metadata["env_steps"] == "\(record["eval_env_steps"] ?? "")")
      #expect(checkpoint.metadata["updates"] == "\(record["eval_updates"] ?? "")")
      let again = try TrainedPolicy(checkpoint).evaluate(episodes: 8, choice: .greedy, seed: 5)
      #expect(again.meanReturn == best)
    }

    @Test(arguments: ["0.02s", "10u"])
    func `seconds and updates can be between two evaluations`(interval: String) throws {
      _ = try train(
        "--steps", "100000", "--eval-every", interval, "--eval-episodes", "2", "--eval-workers",
        "0")
      let evaluations = try evaluations()
      #expect(evaluations.count >= 2)
      guard interval == "10u" else { return }
      let updates = try evaluations.dropLast().map {
        try #require($0["eval_updates"] as? Int)
      }
      #expect(updates == (1...updates.count).map { 10 * $0 })
    }

    @Test func `a run ends when an evaluation beside it reaches the target`() throws {
      let outcome = try train(
        "--steps", "4000000", "--until-return", "150", "--eval-workers", "2")
      #expect(try #require(outcome.count("env_steps")) < 4_000_000)
      let last = try #require(try evaluations().last)
      #expect(last["eval_episodes"] as? Int == 100)
      #expect(try checkpoint("best").metadata["env_steps"] == "\(last["eval_env_steps"] ?? "")")
    }

    @Test(arguments: ["Exits", "Traps", "Dies", "Hangs"])
    func `a process that dies beside training is replaced and told`(fault: String) throws {
      let program = try ProcessTests.trainFaulty(
        "\(fault)InEvaluation-v0",
        [
          "steps": 4000, "eval-every": 1000, "eval-episodes": 4, "eval-workers": 1, "seed": 1,
          "hang-timeout": 1,
        ], in: directory)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.count("env_steps") == 4000)
      #expect(outcome.deaths.count == 1, "\(outcome.errors)")
      #expect(try evaluations().last?["eval_env_steps"] as? Int == 4000)
      #expect(program.family.isEmpty)
    }

    @Test func `one that keeps dying ends a run that is saved`() throws {
      let program = try ProcessTests.trainFaulty(
        "AlwaysExitsInEvaluation-v0",
        ["steps": 400_000_000, "eval-every": 1000, "eval-episodes": 4, "eval-workers": 1],
        in: directory)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 1, "\(outcome.errors)")
      let report = try #require(outcome.errorLines.last)
      #expect(report.contains("--eval-every 0"), "\(report)")
      #expect(
        try RunState.load(
          from: directory.url.appendingPathComponent(
            "run/checkpoints/state.safetensors")
        ).steps >= 1000)
      #expect(program.family.isEmpty)
    }

    @Test func `an interrupted evaluation is made up for`() throws {
      // The evaluation process of the first part is stopped for good.
      let options: [String: Any] = [
        "steps": 400_000_000, "eval-every": 1000, "eval-workers": 1, "hang-timeout": "none",
      ]
      let program = try ProcessTests.trainFaulty("StopsInEvaluation-v0", options, in: directory)
      try program.wait(until: "the evaluation process was stopped") {
        program.workers.contains { ProcessTable.isStopped($0) }
      }
      program.send(SIGTERM)
      let outcome = try program.waitForEnd(within: 20)
      #expect(outcome.exitCode == 128 + SIGTERM, "\(outcome.errors)")
      let state = try RunState.load(
        from: directory.url.appendingPathComponent("run/checkpoints/state.safetensors"))
      #expect(state.steps >= 1000)
      #expect(try evaluations().isEmpty)
      #expect(program.family.isEmpty)
    }

    @Test(arguments: [["--deterministic"], ["--collector", "same"]])
    func `workers are refused where training waits`(options: [String]) throws {
      let outcome = try RunningProgram.run(
        Executable.rlplay, ["train", "--eval-workers", "1"] + options, in: directory.url)
      #expect(outcome.exitCode == 64)
      #expect(outcome.errors.contains("leave --eval-workers out"), "\(outcome.errors)")
    }
  }
}
