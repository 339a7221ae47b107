import Foundation
import Glibc
import Learner
import Rollout
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of learners that are asked to stop or killed.
  struct StopTests {
    static let endless = "1000000000"

    /// Starts a run and waits for its first lines of metrics.
    private func learning(
      in directory: ScratchDirectory, _ options: String...
    ) throws -> RunningProgram {
      let program = try RunningProgram(
        Executable.rlplay,
        ["train", "--quiet", "--json", "--eval-every", "0", "--run-dir", directory.path("run")]
          + ["--steps", Self.endless] + options, in: directory.url)
      try program.wait(until: "metrics were written") {
        FileManager.default.contents(atPath: directory.path("run/metrics.jsonl"))?.isEmpty == false
      }
      return program
    }

    // MARK: Asked to stop

    @Test(arguments: [SIGINT, SIGTERM])
    func `a signal saves the weights and ends everything`(signal: Int32) throws {
      let directory = try ScratchDirectory()
      let program = try learning(in: directory)
      program.send(signal)
      let outcome = try program.waitForEnd(within: 5)
      #expect(outcome.exitCode == 128 + signal)
      #expect(outcome.errors.isEmpty)
      #expect(program.family.isEmpty)
      let saved = directory.url.appendingPathComponent("run/checkpoints/last.safetensors")
      let checkpoint = try Checkpoint.load(from: saved)
      #expect(checkpoint.metadata["env_steps"] == outcome.count("env_steps").map { "\($0)" })
    }

    @Test func `a signal to the workers as well is no fault of theirs`() throws {
      let directory = try ScratchDirectory()
      let program = try learning(in: directory)
      // A service manager stops a whole process group in this way.
      let workers = program.workers
      program.send(SIGTERM)
      for worker in workers { kill(worker, SIGTERM) }
      let outcome = try program.waitForEnd(within: 5)
      #expect(outcome.exitCode == 128 + SIGTERM)
      #expect(outcome.errors.isEmpty, "\(outcome.errors)")
      #expect(program.family.isEmpty)
    }

    @Test func `a signal during start-up ends everything`() throws {
      let directory = try ScratchDirectory()
      let program = try ProcessTests.train("--steps", Self.endless, in: directory)
      _ = try program.waitForWorkers(1)
      program.send(SIGINT)
      let outcome = try program.waitForEnd(within: 5)
      #expect(outcome.exitCode == 130)
      #expect(program.family.isEmpty)
    }

    @Test(arguments: [("Hangs", 1.0), ("IgnoresTermination", 2.0), ("Stops", 2.0)])
    func `workers that do not leave are ended together`(fault: String, ladder: Double) throws {
      let directory = try ScratchDirectory()
      let program = try ProcessTests.trainFaulty(
        "\(fault)InStep-v0", ["actors": 8, "buffers": 16, "steps": 1_000_000_000], in: directory)
      _ = try program.waitForWorkers(8)
      program.send(SIGINT)
      let began = SystemCalls.monotonicNanoseconds()
      let outcome = try program.waitForEnd(within: 10)
      let seconds = Double(SystemCalls.monotonicNanoseconds() - began) / 1e9
      #expect(outcome.exitCode == 130, "\(outcome.errors)")
      // One after the other, each of the eight workers would take this long.
      #expect(seconds < ladder + 1.5)
      #expect(program.family.isEmpty)
    }

    @Test func `a second signal ends the learner at once and the workers with it`() throws {
      let directory = try ScratchDirectory()
      // Hanging workers make the learner's teardown take long enough.
      let program = try ProcessTests.trainFaulty(
        "IgnoresTerminationInReset-v0", ["steps": 1_000_000_000], in: directory)
      _ = try program.waitForWorkers(3)
      program.send(SIGINT)
      // Two signals sent at the same time may merge.
      usleep(200_000)
      program.send(SIGINT)
      let outcome = try program.waitForEnd(within: 1)
      #expect(outcome.exitCode == 130)
      let seconds = try #require(program.waitForFamilyToEnd(within: 1))
      #expect(seconds < 1)
    }

    @Test func `a signal breaks an evaluation off`() throws {
      let directory = try ScratchDirectory()
      // The first step of the first evaluation raises the signal. A whole evaluation has ten
      // million steps.
      let program = try ProcessTests.trainFaulty(
        "InterruptsInEvaluation-v0", ["eval-every": 1, "eval-episodes": 1_000_000], in: directory)
      let outcome = try program.waitForEnd(within: 20)
      #expect(outcome.exitCode == 130, "\(outcome.errors)")
      #expect(outcome.json["eval_return"] is NSNull)
      let saved = directory.url.appendingPathComponent("run/checkpoints/last.safetensors")
      #expect(try Checkpoint.load(from: saved).metadata["updates"] == "1")
      #expect(program.family.isEmpty)
    }

    // MARK: Killed

    @Test func `workers are gone within a second of the learner's death`() throws {
      let directory = try ScratchDirectory()
      let before = ProcessTable.sharedMemoryNames
      let program = try learning(in: directory)
      #expect(program.workers.count == 16)
      program.send(SIGKILL)
      let seconds = try #require(program.waitForFamilyToEnd(within: 5))
      #expect(seconds < 1)
      #expect(ProcessTable.sharedMemoryNames == before)
    }

    @Test(arguments: ["Hangs", "IgnoresTermination"], ["Step", "Reset"])
    func `workers whose environment hangs go with the learner too`(
      fault: String, place: String
    ) throws {
      let directory = try ScratchDirectory()
      let program = try ProcessTests.trainFaulty(
        "\(fault)In\(place)-v0", ["steps": 1_000_000_000], in: directory)
      let workers = try program.waitForWorkers(3)
      // The workers may hang in the environment or be about to; both have to end.
      program.send(SIGKILL)
      let seconds = try #require(program.waitForFamilyToEnd(within: 5))
      #expect(seconds < 1)
      #expect(workers.count == 3)
    }

    @Test(arguments: [0, 3, 10, 30])
    func `a learner killed while it starts leaves nobody`(milliseconds: UInt32) throws {
      let directory = try ScratchDirectory()
      let before = ProcessTable.sharedMemoryNames
      let program = try ProcessTests.train("--steps", Self.endless, in: directory)
      _ = try program.waitForWorkers(1)
      usleep(milliseconds * 1000)
      program.send(SIGKILL)
      let seconds = try #require(program.waitForFamilyToEnd(within: 5))
      #expect(seconds < 1)
      #expect(ProcessTable.sharedMemoryNames == before)
    }
  }
}
