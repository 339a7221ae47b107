import Foundation
import Rollout
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of workers with faults at a chosen instant, in a custom trainer (Tests/FaultyTrainer).
  struct FaultyEnvironmentTests {
    /// Faults of an environment with words of their reports.
    static let faults = [
      "Exits": "exited with code 0",
      "Traps": "its last words: FaultyTrainer/Fault.swift",
      "Throws": "its last words: environment 0 failed",
      "Segfaults": "was killed by signal 11 (SIGSEGV)",
      "Dies": "was killed by signal 9 (SIGKILL)",
      "DiesBesideChild": "was killed by signal 9 (SIGKILL)",
    ]

    /// Instants of a fault with words of their reports.
    static let places = [
      // Before the first fragment.
      "Reset": "after 0 fragments",
      // In the middle of the second fragment.
      "Step": "in environment 0 at step 7 of its episode, after 1 fragments",
      // Right after the first fragment was published, which is ready or in use by the learner.
      "NextFragment": "in environment 0 at step 5 of its episode, after 1 fragments",
    ]

    @Test(arguments: faults.keys.sorted(), places.keys.sorted())
    func `each worker's death is reported and made good`(fault: String, place: String) throws {
      let directory = try ScratchDirectory()
      // With a deterministic schedule, all three workers contribute and therefore die.
      let program = try ProcessTests.trainFaulty(
        "\(fault)In\(place)-v0", ["deterministic": true, "steps": 6000], in: directory)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.count("env_steps") == 6000)
      #expect(outcome.count("worker_restarts") == 3)
      #expect(outcome.deaths.count == 3, "\(outcome.errors)")
      for worker in 0..<3 {
        let report = outcome.deaths.first { $0.hasPrefix("worker \(worker) (pid ") } ?? ""
        #expect(report.contains(try #require(Self.faults[fault])), "\(outcome.errors)")
        #expect(report.contains(try #require(Self.places[place])), "\(outcome.errors)")
        #expect(report.contains("incarnation 0"))
      }
    }

    @Test(arguments: faults.keys.sorted())
    func `asynchronous workers may die as well`(fault: String) throws {
      let directory = try ScratchDirectory()
      let outcome = try ProcessTests.trainFaulty("\(fault)InStep-v0", in: directory).waitForEnd()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.count("env_steps") == 20000)
      #expect(outcome.count("worker_restarts") == outcome.deaths.count)
    }

    @Test(arguments: ["Exits", "Traps", "Throws", "Segfaults"], [1, 16])
    func `workers that never get anywhere end the run with their report`(
      fault: String, actors: Int
    ) throws {
      let directory = try ScratchDirectory()
      let program = try ProcessTests.trainFaulty(
        "Always\(fault)InReset-v0", ["actors": actors, "buffers": 2 * actors], in: directory)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 1)
      let report = try #require(outcome.errorLines.last)
      #expect(report.hasPrefix("Error: worker "), "\(outcome.errors)")
      #expect(report.contains(try #require(Self.faults[fault])))
      // At most one death per worker and three more, each with its log and its report.
      #expect(outcome.deaths.count <= actors + 3)
      #expect(program.family.isEmpty)
    }

    @Test func `one worker ends its run after four deaths without a fragment`() throws {
      let directory = try ScratchDirectory()
      let outcome = try ProcessTests.trainFaulty(
        "AlwaysExitsInReset-v0", ["collector": "single"], in: directory
      ).waitForEnd()
      #expect(outcome.exitCode == 1)
      #expect(outcome.deaths.count == 3, "\(outcome.errors)")
      let report = try #require(outcome.errorLines.last)
      #expect(report.contains("; 4 processes died in a row without a fragment"), "\(report)")
      #expect(!report.contains("from outside"))
    }

    @Test func `workers that are always killed end the run after ten seconds`() throws {
      let directory = try ScratchDirectory()
      let outcome = try ProcessTests.trainFaulty(
        "AlwaysDiesInReset-v0", ["actors": 1, "buffers": 2], in: directory
      ).waitForEnd()
      #expect(outcome.exitCode == 1)
      #expect(outcome.seconds > 10)
      let report = try #require(outcome.errorLines.last)
      #expect(report.hasPrefix("Error: worker 0 (pid "), "\(report)")
      #expect(
        report.contains("; \(outcome.deaths.count + 1) processes died in a row without a fragment"),
        "\(report)")
      #expect(report.contains("of them by signals that may come from outside"), "\(report)")
    }

    @Test(arguments: [false, true], [1, 3])
    func `a crash that repeats itself is repeated once and then left behind`(
      deterministic: Bool, actors: Int
    ) throws {
      let directory = try ScratchDirectory()
      let outcome = try ProcessTests.trainFaulty(
        "CrashesAtStep38-v0",
        [
          "deterministic": deterministic, "actors": actors, "buffers": 2 * actors, "steps": 600,
        ], in: directory
      ).waitForEnd()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.count("env_steps") == 600)
      for worker in 0..<actors {
        let deaths = outcome.deaths.filter { $0.hasPrefix("worker \(worker) (pid ") }
        // Two deaths for each fragment of 25 steps, at the same step of the same episode.
        for (number, death) in deaths.enumerated() {
          #expect(
            death.contains(
              "at step 7 of its episode, after \(number / 2 + 1) fragments of"), "\(death)")
        }
        #expect(deaths.count >= 2 || actors > 1)
      }
    }

    @Test func `what was learned is saved when workers begin to fail for good`() throws {
      let directory = try ScratchDirectory()
      let outcome = try ProcessTests.trainFaulty(
        "ExitsInDecline-v0", ["actors": 1, "buffers": 2], in: directory
      ).waitForEnd()
      #expect(outcome.exitCode == 1, "\(outcome.errors)")
      let saved = directory.path("run/checkpoints/last.safetensors")
      #expect(FileManager.default.fileExists(atPath: saved))
      let run = directory.path("run")
      #expect(
        outcome.errors.contains(
          "; the run was saved: resume it with 'rlplay train --resume \(run)'"),
        "\(outcome.errors)")
    }

    @Test(arguments: ["Hangs", "IgnoresTermination", "Stops"])
    func `a worker that does not get on is killed and replaced`(fault: String) throws {
      let directory = try ScratchDirectory()
      let outcome = try ProcessTests.trainFaulty(
        "\(fault)InStep-v0", ["deterministic": true, "steps": 6000, "hang-timeout": 1],
        in: directory
      ).waitForEnd()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.count("env_steps") == 6000)
      #expect(outcome.count("worker_restarts") == 3)
      for worker in 0..<3 {
        let report = outcome.deaths.first { $0.hasPrefix("worker \(worker) (pid ") } ?? ""
        #expect(
          report.contains(
            "was killed by the learner because it made no progress for 1 s in environment 0 at "
              + "step 7"),
          "\(outcome.errors)")
      }
    }

    @Test func `workers that hang where they begin end the run with their report`() throws {
      let directory = try ScratchDirectory()
      let outcome = try ProcessTests.trainFaulty(
        "AlwaysHangsInReset-v0", ["actors": 1, "buffers": 2, "hang-timeout": 1], in: directory
      ).waitForEnd()
      #expect(outcome.exitCode == 1)
      let report = try #require(outcome.errorLines.last)
      #expect(report.contains("because it made no progress for 1 s"), "\(outcome.errors)")
    }

    @Test func `a log longer than its pipe stops neither the worker nor the end`() throws {
      let directory = try ScratchDirectory()
      let outcome = try ProcessTests.trainFaulty("ShoutsInStep-v0", in: directory).waitForEnd()
      #expect(outcome.exitCode == 0)
      #expect(outcome.deaths.isEmpty)
      let lines = outcome.errorLines
      #expect(lines.allSatisfy { $0.hasPrefix("worker ") && $0.contains("): la la") })
      // Two environments in each of three workers write a thousand lines each.
      #expect(lines.count <= 6000)
      #expect(outcome.seconds < 5)
    }
  }
}
