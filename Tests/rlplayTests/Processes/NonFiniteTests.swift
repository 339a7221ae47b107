import Foundation
import Learner
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of whole runs with NaN from environments, and with learning that diverges.
  struct NonFiniteTests {
    private func parameters(_ directory: ScratchDirectory) throws -> [Float] {
      let url = URL(fileURLWithPath: directory.path("run/checkpoints/last.safetensors"))
      return try Checkpoint.load(from: url).parameters.flatMap(\.values)
    }

    /// Returns the values of a key in the metrics.
    private func metrics(_ name: String, _ directory: ScratchDirectory) throws -> [Double] {
      let text = try String(contentsOfFile: directory.path("run/metrics.jsonl"), encoding: .utf8)
      return try text.split(separator: "\n").compactMap { line in
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return object?[name] as? Double
      }
    }

    @Test(arguments: ["RewardsNaNInStep-v0": "reward", "ShowsNaNInStep-v0": "observation"])
    func `a number that is none costs the updates that it is in, and is said`(
      environment: String, field: String
    ) throws {
      let directory = try ScratchDirectory()
      let outcome = try ProcessTests.trainFaulty(
        environment, ["deterministic": true, "steps": 6000], in: directory
      ).waitForEnd()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.count("env_steps") == 6000)
      // The fault is at step 38 of each worker's first process, in its second fragment of 25 steps.
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
      let sentence = outcome.errorLines.first ?? ""
      #expect(sentence.hasPrefix("an update was skipped: environment 0 of worker "), "\(sentence)")
      #expect(
        sentence.contains(
          "gave the \(field) nan at step 8 of its episode (row 13 of the worker's fragment 1)"),
        "\(sentence)")
      // Three fragments are affected, with two per update.
      let skipped = try #require(try metrics("skipped_updates", directory).last)
      #expect((2...3).contains(skipped))
      #expect(outcome.count("skipped_updates") == Int(skipped))
      let updates = try #require(outcome.count("updates"))
      #expect(updates + Int(skipped) == 60)
      #expect(try parameters(directory).allSatisfy(\.isFinite))
    }

    @Test(arguments: ["RewardsNaNInStep-v0": "reward", "ShowsNaNInStep-v0": "observation"])
    func `a batch with a number that is none is not kept for replay, and is said at once`(
      environment: String, field: String
    ) throws {
      let directory = try ScratchDirectory()
      let outcome = try ProcessTests.trainFaulty(
        environment,
        [
          "algorithm": "dqn", "deterministic": true, "steps": 6000, "fragment-steps": 25,
          "replay-batch": 100, "learning-starts": 0, "updates-per-batch": 2,
        ], in: directory
      ).waitForEnd()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
      let sentence = outcome.errorLines.first ?? ""
      #expect(sentence.hasPrefix("an update was skipped: environment 0 of worker "), "\(sentence)")
      #expect(
        sentence.contains(
          "gave the \(field) nan at step 8 of its episode (row 13 of the worker's fragment 1)"),
        "\(sentence)")
      // The second fragment of each of three workers is skipped. Two updates follow each of 120
      // batches all the same.
      #expect(outcome.count("skipped_updates") == 3)
      #expect(outcome.count("updates") == 240)
      #expect(try parameters(directory).allSatisfy(\.isFinite))
    }

    @Test(arguments: ["AlwaysRewardsNaNInStep-v0", "AlwaysShowsNaNInStep-v0"])
    func `numbers that are none for good end the run with the last sound weights`(
      environment: String
    ) throws {
      let directory = try ScratchDirectory()
      let program = try ProcessTests.trainFaulty(
        environment, ["steps": 1_000_000], in: directory)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 1)
      let report = try #require(outcome.errorLines.last)
      #expect(
        report.hasPrefix("Error: nothing was learned from 100 batches in a row: environment "),
        "\(report)")
      #expect(report.hasSuffix("holds the last sound weights"))
      #expect(try metrics("skipped_updates", directory).last ?? 0 >= 100)
      let values = try parameters(directory)
      #expect(!values.isEmpty && values.allSatisfy(\.isFinite))
      #expect(program.family.isEmpty)
    }

    @Test func `a run without an update fails with its reason`() throws {
      let directory = try ScratchDirectory()
      let program = try ProcessTests.trainFaulty(
        "AlwaysRewardsNaNInStep-v0",
        // The 38th step is in every fragment, whichever worker is quick.
        ["steps": 2000, "fragment-steps": 50, "fragments-per-batch": 1], in: directory)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 1)
      let report = try #require(outcome.errorLines.last)
      #expect(
        report.hasPrefix(
          "Error: nothing was learned in 2,000 steps: 20 updates were skipped, the first one "
            + "because environment "), "\(report)")
      #expect(report.hasSuffix("/checkpoints/last.safetensors holds the initial weights"))
      #expect(program.family.isEmpty)
    }

    @Test func `a collapsed policy is reported once, also by a run that was resumed`() throws {
      let directory = try ScratchDirectory()
      // A learning rate that grows ends any policy.
      let options = [
        "--quiet", "--json", "--collector", "same", "--seed", "1", "--eval-every", "20000",
        "--learning-rate", "exponential:0.004:10:300000", "--entropy-cost", "0",
        "--max-grad-norm", "inf", "--steps", "300000", "--run-dir", directory.path("run"),
      ]
      let outcome = try RunningProgram.run(Executable.rlplay, ["train"] + options)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let reports = outcome.errorLines.filter { $0.hasPrefix("the policy has collapsed: ") }
      #expect(reports.count == 1, "\(outcome.errors)")
      #expect(try #require(outcome.count("collapsed_at")) < 300_000)
      let resumed = try RunningProgram.run(
        Executable.rlplay,
        ["train", "--quiet", "--resume", directory.path("run"), "--steps", "340000"])
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      #expect(!resumed.errors.contains("the policy has collapsed"), "\(resumed.errors)")
      #expect(
        resumed.output.contains("the policy collapsed: entropy and gradient were close to 0 at "),
        "\(resumed.output)")
    }

    @Test func `a policy that became certain of every action is said once, and the run goes on`()
      throws
    {
      let directory = try ScratchDirectory()
      let outcome = try ProcessTests.train(
        "--learning-rate", "300", "--optimizer", "sgd", "--collector", "same", "--seed", "1",
        "--baseline", "mean", "--activation", "relu", "--gamma", "0.99", "--entropy-cost", "0.01",
        "--max-grad-norm", "inf",
        "--steps", "120000",
        in: directory
      ).waitForEnd()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
      let sentence = outcome.errorLines.first ?? ""
      #expect(sentence.hasPrefix("the policy is certain of every action: "), "\(sentence)")
      #expect(outcome.count("updates") == 300)
    }

    @Test(arguments: [
      ("adam", "same"), ("adam", "multi"), ("adamw", "same"), ("rmsprop", "same"), ("sgd", "same"),
      ("sgd", "multi"),
    ])
    func `a learning rate of a million ends the run with weights that can be evaluated`(
      optimizer: String, collector: String
    ) throws {
      let directory = try ScratchDirectory()
      let outcome = try ProcessTests.train(
        "--learning-rate", "1e6", "--optimizer", optimizer, "--collector", collector,
        "--seed", "1",
        in: directory
      ).waitForEnd()
      #expect(outcome.exitCode == 1, "\(outcome.errors)")
      let report = try #require(outcome.errorLines.last)
      #expect(report.contains("lower --learning-rate, or bound --max-grad-norm"), "\(report)")
      #expect(report.contains("holds the last sound weights"))
      #expect(
        report.hasPrefix("Error: learning diverges: an update at step ")
          && report.contains(", which environment ") && report.contains(" of its episode "),
        "\(report)")
      #expect(try parameters(directory).allSatisfy { $0.magnitude <= 1e6 })
      let evaluation = try RunningProgram(
        Executable.rlplay, ["evaluate", directory.path("run"), "--episodes", "2", "--json"],
        in: directory.url
      ).waitForEnd()
      #expect(evaluation.exitCode == 0, "\(evaluation.errors)")
    }
  }
}
