import Foundation
import Glibc
import Learner
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of runs that several ranks train together, started by real launchers.
  @Suite(.enabled(if: MPI.mayBeUsed, Comment(rawValue: MPI.absence)), .timeLimit(.minutes(10)))
  struct RankRunTests {
    // Updates of 20 steps, because debug builds are slow; nothing depends on the number of steps.
    private static let small = [
      "train", "--quiet", "--seed", "3", "--actors", "2", "--buffers", "4", "--eval-every", "0",
      "--fragments-per-batch", "1", "--envs-per-actor", "2", "--fragment-steps", "10",
      "--learning-rate", "0.01", "--entropy-cost", "0.01",
    ]
    private static let deterministic = small + ["--deterministic"]

    private func weights(_ directory: ScratchDirectory, _ run: String) throws -> Data {
      try Data(contentsOf: directory.url.appending(path: "\(run)/checkpoints/last.safetensors"))
    }

    private func state(_ directory: ScratchDirectory, _ run: String) throws -> RunState {
      try RunState.load(from: RunDirectory(existing: directory.url.appending(path: run)).state)
    }

    /// Returns the processes of the ranks that a launcher started.
    private func ranks(of launcher: RunningProgram) -> [Int32] {
      launcher.family.filter { pid in
        let line = (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)) ?? ""
        let words = line.split(separator: "\0")
        return words.count > 1 && words[0].hasSuffix("/rlplay") && words[1] == "train"
      }
    }

    /// Returns the arguments of a launcher for one faulty rank beside one that is spared.
    private func besideSpared(_ arguments: [String]) throws -> (URL, [String]) {
      let program = try Executable.faultyTrainer
      return (
        URL(fileURLWithPath: "/usr/bin/env"),
        ["RLPLAY_TEST_SPARED=1", program.path] + arguments
          + [":", "-n", "1", program.path] + arguments
      )
    }

    @Test(arguments: MPI.allCases)
    func `two ranks solve CartPole, and rank 0 alone speaks and writes`(mpi: MPI) throws {
      let directory = try ScratchDirectory()
      let outcome = try mpi.run(
        2, Executable.rlplay,
        [
          "train", "--seed", "1", "--actors", "2", "--fragments-per-batch", "1", "--eval-every",
          "50000", "--until-return", "475", "--steps", "1000000", "--run-dir", "run",
        ], in: directory.url, within: 60)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("2 ranks on 1 host by \(mpi) "), "\(outcome.output)")
      #expect(outcome.output.contains("; 2 × 200 steps to an update"))
      #expect(outcome.output.components(separatedBy: "training CartPole-v1").count == 2)
      #expect(directory.names == ["run"])
      let best = try Checkpoint.load(
        from: directory.url.appending(path: "run/checkpoints/best.safetensors"))
      #expect(!best.parameters.isEmpty)
    }

    @Test(arguments: [2, 3])
    func `a deterministic run has the same weights with both libraries, evaluated or not`(
      rankCount: Int
    ) throws {
      let directory = try ScratchDirectory()
      for (mpi, name) in [(MPI.openMPI, "a"), (.mpich, "b"), (.mpich, "c")] {
        let options =
          name == "c"
          ? Self.deterministic.map { $0 == "0" ? "600" : $0 } + ["--eval-episodes", "7"]
          : Self.deterministic
        let outcome = try mpi.run(
          rankCount, Executable.rlplay,
          options + ["--steps", "1200", "--run-dir", name], in: directory.url)
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
      }
      #expect(try weights(directory, "a") == weights(directory, "b"))
      #expect(try weights(directory, "a") == weights(directory, "c"))
    }

    /// Resumes the run `cut` with one library, and expects the bytes of a run without a break with
    /// the other one.
    private func expectSameBytes(
      _ directory: ScratchDirectory, _ options: [String], upTo steps: Int
    ) throws {
      let resumed = try MPI.mpich.run(
        2, Executable.rlplay, ["train", "--resume", "cut", "--steps", "\(steps)"],
        in: directory.url)
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      #expect(resumed.output.contains("all is restored, and the bytes"), "\(resumed.output)")
      let whole = try MPI.openMPI.run(
        2, Executable.rlplay, options + ["--steps", "\(steps)", "--run-dir", "whole"],
        in: directory.url, within: 60)
      #expect(whole.exitCode == 0, "\(whole.errors)")
      #expect(try weights(directory, "cut") == weights(directory, "whole"))
    }

    @Test(arguments: [(MPI.openMPI, SIGTERM), (.mpich, SIGINT)])
    func `a stopped run goes on exactly with as many ranks, and with others`(
      mpi: MPI, signal: Int32
    ) throws {
      let directory = try ScratchDirectory()
      let program = try mpi.start(
        2, Executable.rlplay,
        Self.deterministic
          + ["--steps", StopTests.endless, "--run-dir", "cut", "--save-every", "400"],
        in: directory.url)
      try program.wait(until: "a state was saved") { (try? state(directory, "cut")) != nil }
      // To one rank alone: a launcher that a test starts may have the signal blocked.
      kill(try #require(ranks(of: program).last), signal)
      let stopped = try program.waitForEnd()
      #expect(stopped.output.contains("saved in cut"), "\(stopped)")
      #expect(program.waitForFamilyToEnd(within: 10) != nil)
      let steps = try state(directory, "cut").steps
      try FileManager.default.copyItem(
        at: directory.url.appending(path: "cut"), to: directory.url.appending(path: "other"))

      try expectSameBytes(directory, Self.deterministic, upTo: steps + 400)

      let alone = try RunningProgram.run(
        Executable.rlplay, ["train", "--resume", "other", "--steps", "\(steps + 200)"],
        in: directory.url)
      #expect(alone.exitCode == 0, "\(alone.errors)")
      #expect(
        alone.output.contains(
          "2 ranks saved it and 1 go on with it, so environments begin new episodes"),
        "\(alone.output)")
      let three = try mpi.run(
        3, Executable.rlplay,
        ["train", "--quiet", "--resume", "other", "--steps", "\(steps + 400)"],
        in: directory.url)
      #expect(three.exitCode == 0, "\(three.errors)")
      #expect(try state(directory, "other").steps >= steps + 400)
    }

    @Test(arguments: MPI.allCases)
    func `a killed rank ends the run, whose last save can be resumed`(mpi: MPI) throws {
      let directory = try ScratchDirectory()
      let program = try mpi.start(
        3, Executable.rlplay,
        Self.small + ["--steps", StopTests.endless, "--run-dir", "run", "--save-every", "600"],
        in: directory.url)
      try program.wait(until: "a state was saved") { (try? state(directory, "run")) != nil }
      let ranks = ranks(of: program)
      #expect(ranks.count == 3)
      kill(try #require(ranks.last), SIGKILL)
      let outcome = try program.waitForEnd(within: 10)
      #expect(outcome.exitCode != 0)
      #expect(program.waitForFamilyToEnd(within: 10) != nil)
      let steps = try state(directory, "run").steps
      let resumed = try mpi.run(
        3, Executable.rlplay,
        ["train", "--quiet", "--resume", "run", "--steps", "\(steps + 300)"],
        in: directory.url)
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
    }

    @Test(arguments: ["dqn", "sac", "td3"])
    func `learning by replay goes on exactly after a rank was killed, with either library`(
      algorithm: String
    ) throws {
      let directory = try ScratchDirectory()
      let options =
        [
          "train", "--quiet", "--seed", "3", "--deterministic", "--algorithm", algorithm,
          "--actors", "2", "--buffers", "4", "--fragments-per-batch", "1", "--envs-per-actor", "2",
          "--fragment-steps", "2", "--hidden", "8", "--learning-rate", "0.001", "--eval-every", "0",
          "--replay-steps", "40", "--replay-batch", "16", "--learning-starts", "40",
        ] + (algorithm == "dqn" ? [] : ["--updates-per-step", "0.5"])
      let program = try MPI.openMPI.start(
        2, Executable.rlplay,
        options + ["--steps", StopTests.endless, "--run-dir", "cut", "--save-every", "200"],
        in: directory.url)
      try program.wait(until: "a state was saved") { (try? state(directory, "cut")) != nil }
      kill(try #require(ranks(of: program).last), SIGKILL)
      #expect(try program.waitForEnd(within: 10).exitCode != 0)
      #expect(program.waitForFamilyToEnd(within: 10) != nil)
      try expectSameBytes(directory, options, upTo: state(directory, "cut").steps + 200)
    }

    @Test(arguments: MPI.allCases)
    func `NaN at one rank skips updates of all, and that rank names the environment`(
      mpi: MPI
    ) throws {
      let directory = try ScratchDirectory()
      let (program, arguments) = try besideSpared(
        Self.deterministic
          + ["--env", "RewardsNaNInStep-v0", "--steps", "2400", "--run-dir", "run"])
      let outcome = try mpi.run(1, program, arguments, in: directory.url)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("rank 1: an update was skipped: environment 0 of worker "))
      #expect(outcome.errors.contains("an update was skipped: the batch of rank 1 was not finite"))
    }

    @Test(arguments: MPI.allCases)
    func `workers that keep dying at one rank end the run of all with a save`(mpi: MPI) throws {
      let directory = try ScratchDirectory()
      let (program, arguments) = try besideSpared(
        Self.small + ["--env", "ExitsInDecline-v0", "--steps", "10000000", "--run-dir", "run"])
      let outcome = try mpi.run(1, program, arguments, in: directory.url)
      #expect(outcome.exitCode == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("Error: rank 1: worker "), "\(outcome.errors)")
      #expect(outcome.errors.contains("the run was saved: resume it with"), "\(outcome.errors)")
      #expect(try state(directory, "run").steps > 0)
    }

    @Test func `what ranks cannot do is refused in a sentence`() throws {
      let directory = try ScratchDirectory()
      for mpi in MPI.allCases {
        let evaluation = try mpi.run(2, Executable.rlplay, ["evaluate"], in: directory.url)
        #expect(evaluation.exitCode == 64)
        #expect(evaluation.errors.contains("started 2 processes of 'rlplay evaluate'"))
      }
      let rlplay = try Executable.rlplay
      let unlike = try MPI.mpich.run(
        1, rlplay,
        Self.small + [":", "-n", "1", rlplay.path] + Self.small.map { $0 == "10" ? "11" : $0 },
        in: directory.url)
      #expect(unlike.exitCode != 0)
      #expect(unlike.errors.contains("rank 1 learns from batches of"), "\(unlike.errors)")
      let missing = try MPI.openMPI.run(
        2, rlplay, ["train", "--resume", "nowhere"], in: directory.url)
      #expect(missing.exitCode != 0)
      #expect(missing.errors.components(separatedBy: "nowhere").count == 2, "\(missing.errors)")
    }

    @Test func `with --ranks off, each process trains a run of its own`() throws {
      let directory = try ScratchDirectory()
      let outcome = try MPI.mpich.run(
        2, Executable.rlplay,
        Self.small + ["--steps", "400", "--ranks", "off"],
        in: directory.url)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let runs = try FileManager.default.contentsOfDirectory(atPath: directory.path("runs"))
      #expect(runs.count == 2)
    }
  }
}
