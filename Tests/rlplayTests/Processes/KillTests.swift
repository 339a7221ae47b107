import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of workers killed from outside at random moments.
  struct KillTests {
    /// Kills workers one after the other at random moments; returns their processes and signals.
    private func killWorkers(
      _ count: Int, of program: RunningProgram, workerCount: Int, seed: UInt64
    ) throws -> [(pid: Int32, signal: String)] {
      var random = PCG64(seed: seed)
      var killed: [(pid: Int32, signal: String)] = []
      for number in 0..<count {
        // Wait for all workers. One of few could be killed often enough to end the run.
        let workers = try program.waitForWorkers(workerCount)
        let victim = workers[Int(random.next() % UInt64(workers.count))]
        switch number % 3 {
        case 0: kill(victim, SIGKILL)
        case 1: kill(victim, SIGSEGV)
        default:
          kill(victim, SIGSTOP)
          try program.wait(until: "worker \(victim) was stopped") {
            ProcessTable.isStopped(victim)
          }
          kill(victim, SIGKILL)
        }
        killed.append((victim, number % 3 == 1 ? "signal 11 (SIGSEGV)" : "signal 9 (SIGKILL)"))
        try program.wait(until: "worker \(victim) was gone") { !ProcessTable.isRunning(victim) }
        usleep(UInt32(random.next() % 20_000))
      }
      return killed
    }

    private func checkReports(
      _ outcome: RunningProgram.Outcome, _ killed: [(pid: Int32, signal: String)]
    ) {
      #expect(outcome.count("worker_restarts") == killed.count)
      #expect(outcome.errorLines.count == killed.count, "\(outcome.errors)")
      for (pid, signal) in killed {
        let reports = outcome.deaths.filter { $0.contains("(pid \(pid)) was killed by \(signal)") }
        #expect(reports.count == 1, "of process \(pid), \(signal):\n\(outcome.errors)")
      }
    }

    @Test(arguments: [
      // Fragments arrive in any order, and workers mostly wait for free ones.
      [],
      // Each worker keeps its place in the schedule.
      ["--deterministic"],
      ["--deterministic", "--lag", "0"],
      ["--collector", "single"],
      // With 1 MB of weights, workers spend a large part of the time reading them.
      ["--hidden", "512,512", "--envs-per-actor", "1", "--fragment-steps", "1", "--actors", "4"],
    ])
    func `a run whose workers are killed again and again goes on`(options: [String]) throws {
      let directory = try ScratchDirectory()
      let isHeavy = options.contains("--hidden")
      let workerCount = options.contains("single") ? 1 : isHeavy ? 4 : 16
      // The run continues until it is stopped, so the learner reports every death.
      let program = try RunningProgram(
        Executable.rlplay,
        ["train", "--quiet", "--json", "--eval-every", "0", "--run-dir", directory.path("run")]
          + ["--steps", StopTests.endless] + options)
      let killed = try killWorkers(isHeavy ? 6 : 12, of: program, workerCount: workerCount, seed: 7)
      _ = try program.waitForWorkers(workerCount)
      let metrics = URL(fileURLWithPath: directory.path("run/metrics.jsonl"))
      func lineBytes() -> Int { (try? Data(contentsOf: metrics).count) ?? 0 }
      let before = lineBytes()
      try program.wait(until: "more was learned") { lineBytes() > before }
      program.send(SIGINT)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 130)
      checkReports(outcome, killed)
      #expect(program.family.isEmpty)
    }

    @Test(arguments: [
      ["--actors", "4", "--buffers", "8"],
      ["--actors", "4", "--buffers", "8", "--deterministic"],
      ["--collector", "single"],
      ["--actors", "4", "--buffers", "8", "--algorithm", "ppo", "--hidden", "8"],
    ])
    func `a run outlives all workers being killed at once ten times a second`(
      options: [String]
    ) throws {
      let directory = try ScratchDirectory()
      let program = try RunningProgram(
        Executable.rlplay,
        ["train", "--quiet", "--json", "--eval-every", "0", "--run-dir", directory.path("run")]
          + ["--steps", StopTests.endless] + options)
      // For less than the ten seconds without progress after which a run ends.
      for _ in 0..<30 {
        for worker in program.workers { kill(worker, SIGKILL) }
        usleep(100_000)
      }
      let metrics = directory.path("run/metrics.jsonl")
      func byteCount() -> Int { FileManager.default.contents(atPath: metrics)?.count ?? 0 }
      let before = byteCount()
      try program.wait(until: "more was learned") { byteCount() > before }
      program.send(SIGINT)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 130, "\(outcome.errors)")
      #expect(program.family.isEmpty)
    }

    @Test func `stopped workers hold up neither the others nor the end`() throws {
      let directory = try ScratchDirectory()
      let program = try ProcessTests.train("--steps", "2000000", in: directory)
      for worker in try program.waitForWorkers(16).prefix(3) { kill(worker, SIGSTOP) }
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 0)
      #expect(outcome.count("env_steps") == 2_000_000)
      #expect(outcome.count("worker_restarts") == 0)
      #expect(program.family.isEmpty)
    }

    @Test func `workers killed while the learner evaluates are replaced after it`() throws {
      let directory = try ScratchDirectory()
      // The evaluated environment itself kills all workers, at a certain instant.
      let program = try ProcessTests.trainFaulty(
        "KillsWorkersInEvaluation-v0", ["eval-every": 5000, "eval-episodes": 2], in: directory)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.count("env_steps") == 20000)
      #expect(try #require(outcome.count("worker_restarts")) >= 3)
      #expect(outcome.count("worker_restarts") == outcome.deaths.count)
    }
  }
}
