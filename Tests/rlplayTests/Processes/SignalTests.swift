import Foundation
import Glibc
import Learner
import TestSupport
import Testing

extension ProcessTests {
  /// Signals that announce the end of a terminal, a job or the machine.
  struct SignalTests {
    private func learning(
      in directory: ScratchDirectory, _ options: [String] = [], ignoring: String = ""
    ) throws -> RunningProgram {
      let program = try RunningProgram(
        URL(fileURLWithPath: "/bin/bash"),
        [
          "-c", "\(ignoring.isEmpty ? ":" : "trap '' \(ignoring)"); exec \"$@\"", "bash",
          Executable.rlplay.path, "train", "--quiet", "--json", "--eval-every", "0", "--seed", "1",
          "--run-dir", directory.path("run"), "--steps", StopTests.endless, "--actors", "4",
          "--buffers", "8",
        ] + options, in: directory.url)
      try waitForMetrics(of: program, in: directory)
      return program
    }

    private func waitForMetrics(
      of program: RunningProgram, in directory: ScratchDirectory
    ) throws {
      let path = directory.path("run/metrics.jsonl")
      func byteCount() -> Int { FileManager.default.contents(atPath: path)?.count ?? 0 }
      let before = byteCount()
      try program.wait(until: "metrics were written") { byteCount() > before }
    }

    @Test(arguments: StopTests.notices)
    func `a signal that announces the end saves and ends everything`(signal: Int32) throws {
      let directory = try ScratchDirectory()
      let program = try learning(in: directory)
      program.send(signal)
      let outcome = try program.waitForEnd(within: 10)
      #expect(outcome.exitCode == 128 + signal)
      #expect(outcome.errors.isEmpty, "\(outcome.errors)")
      #expect(program.family.isEmpty)
      for name in ["last", "state"] {
        let path = directory.path("run/checkpoints/\(name).safetensors")
        #expect(FileManager.default.fileExists(atPath: path))
      }
    }

    @Test func `signals that come again do not keep a run from saving`() throws {
      let directory = try ScratchDirectory()
      let program = try learning(in: directory)
      for signal in [SIGXCPU, SIGXCPU, SIGHUP, SIGXCPU, SIGTERM, SIGHUP] {
        program.send(signal)
        // Signals that are sent together may become one.
        usleep(1000)
      }
      let outcome = try program.waitForEnd(within: 10)
      #expect(outcome.exitCode == 128 + SIGXCPU)
      let path = directory.path("run/checkpoints/last.safetensors")
      #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test(arguments: [("HUP", SIGHUP), ("INT", SIGINT), ("USR1", SIGUSR1)])
    func `a signal that is ignored at the start stays ignored`(
      name: String, signal: Int32
    ) throws {
      let directory = try ScratchDirectory()
      let program = try learning(in: directory, ignoring: name)
      program.send(signal)
      try waitForMetrics(of: program, in: directory)
      program.send(SIGTERM)
      #expect(try program.waitForEnd(within: 10).exitCode == 128 + SIGTERM)
    }

    @Test(arguments: [SIGHUP, SIGTERM, SIGUSR1])
    func `a signal to every process of a job is no fault of any worker`(signal: Int32) throws {
      let directory = try ScratchDirectory()
      let program = try learning(in: directory)
      // The workers first, long before the learner.
      for worker in program.workers { kill(worker, signal) }
      try waitForMetrics(of: program, in: directory)
      program.send(signal)
      let outcome = try program.waitForEnd(within: 10)
      #expect(outcome.exitCode == 128 + signal)
      #expect(outcome.errors.isEmpty, "\(outcome.errors)")
      #expect(outcome.count("worker_restarts") == 0)
    }

    @Test func `a signal ends the wait for an interpreter that does not start`() throws {
      let directory = try ScratchDirectory()
      let script = directory.path("python")
      try ShellScript.write("exec sleep 60", to: script)
      let program = try RunningProgram(
        Executable.rlplay,
        ["train", "--env", "gym:CartPole-v1", "--python", script, "--run-dir", "run"],
        in: directory.url)
      try program.wait(until: "the interpreter ran") { program.family.count > 1 }
      program.send(SIGTERM)
      let outcome = try program.waitForEnd(within: 5)
      #expect(outcome.exitCode == 128 + SIGTERM, "\(outcome.errors)")
      #expect(program.family.isEmpty)
      #expect(!directory.names.contains("run"))
    }

    @Test(
      .enabled(if: Python.hasGymnasium, Comment(rawValue: Python.gymnasiumAbsence)),
      arguments: [SIGHUP, SIGTERM])
    func `a signal to every process of a job closes environments in Python`(signal: Int32) throws {
      let directory = try ScratchDirectory()
      let environments = try PythonEnvironments()
      let program = try learning(
        in: directory,
        [
          "--env", "gym:rlplay_cases:Counter-v0", "--python", environments.python,
          "--envs-per-actor", "2",
        ])
      // A batch does not take fragments of all four workers.
      try program.wait(until: "all environments are open") { environments.openCount >= 8 }
      let before = environments.closedCount
      let family = program.family
      #expect(family.count >= 9)
      for process in family { kill(process, signal) }
      let outcome = try program.waitForEnd(within: 10)
      #expect(outcome.exitCode == 128 + signal, "\(outcome.errors)")
      // Those of the four workers; the learner's own may have been closed before.
      #expect(environments.closedCount >= before + 8)
      #expect(outcome.errors.isEmpty, "\(outcome.errors)")
    }
  }
}

extension ProcessTests.StopTests {
  /// The signals that a terminal, a batch system or the kernel sends before it kills.
  static let notices = [SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU, SIGPWR]
}
