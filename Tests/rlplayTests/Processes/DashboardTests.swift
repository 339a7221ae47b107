import Foundation
import Glibc
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of `--dashboard` on a pseudo terminal.
  struct DashboardTests {
    private func start(
      _ terminal: PseudoTerminal, steps: String = StopTests.endless, options: [String] = [],
      environment: [String: String] = [:], in directory: ScratchDirectory
    ) throws -> RunningProgram {
      try RunningProgram(
        Executable.rlplay,
        [
          "train", "--dashboard", "--actors", "3", "--buffers", "6", "--seed", "1", "--steps",
          steps,
        ]
          + ["--run-dir", "run"] + options,
        in: directory.url,
        environment: ["TERM": "xterm", "NO_COLOR": ""].merging(environment) { $1 },
        errors: terminal.programEnd)
    }

    private func expectRestored(_ terminal: PseudoTerminal) {
      #expect(eventually(within: 60) { !terminal.isAlternate && !terminal.isAltered })
    }

    /// Expects a line that a program wrote; the terminal may receive it after the program's end.
    private func expectLine(
      on terminal: PseudoTerminal, _ fits: (String) -> Bool,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      #expect(
        eventually(within: 60) { terminal.lines.contains(where: fits) },
        sourceLocation: sourceLocation)
    }

    @Test func `it shows figures and workers and follows the size`() throws {
      let directory = try ScratchDirectory()
      let terminal = try PseudoTerminal(columns: 80, lines: 24)
      let program = try start(terminal, in: directory)
      try program.wait(until: "returns were shown") {
        terminal.lines.contains { $0.hasPrefix("return") && $0.contains("▁") }
      }
      #expect(terminal.isAlternate)
      var lines = terminal.lines
      #expect(lines[0].hasPrefix("CartPole-v1  reinforce  seed 1"))
      for name in ["steps/s", "learner", "evaluation"] {
        #expect(lines.contains { $0.hasPrefix(name) }, "\(name) in \(lines)")
      }
      for worker in 0..<3 {
        let words = ["stepping", "waiting", "starting"].map { "  \(worker) \($0)" }
        #expect(lines.contains { line in words.contains { line.contains($0) } }, "\(lines)")
      }
      terminal.resize(columns: 50, lines: 12)
      try program.wait(until: "the smaller screen was drawn") {
        lines = terminal.lines
        return lines[0].hasPrefix("CartPole") && lines[0].count == 49
      }
      #expect(lines.allSatisfy { $0.count < 50 })
      terminal.resize(columns: 20, lines: 3)
      try program.wait(until: "the smallest screen was drawn") {
        lines = terminal.lines
        return lines[0].contains("steps") && lines[1].isEmpty
      }
      program.send(SIGINT)
      #expect(try program.waitForEnd().exitCode == 130)
      expectRestored(terminal)
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `a signal restores the terminal`(signal: Int32) throws {
      let directory = try ScratchDirectory()
      let terminal = try PseudoTerminal(columns: 80, lines: 24)
      let program = try start(terminal, in: directory)
      try program.wait(until: "the dashboard was shown") { terminal.isAlternate }
      program.send(signal)
      #expect(try program.waitForEnd().exitCode == 128 + signal)
      expectRestored(terminal)
    }

    @Test(arguments: [SIGSEGV, SIGABRT])
    func `a crash of the learner restores the terminal`(signal: Int32) throws {
      let directory = try ScratchDirectory()
      let terminal = try PseudoTerminal(columns: 80, lines: 24)
      let program = try start(terminal, in: directory)
      try program.wait(until: "the dashboard was shown") { terminal.isAlternate }
      program.send(signal)
      #expect(try program.waitForEnd().signal == signal)
      expectRestored(terminal)
    }

    @Test func `the end leaves the last figures and the messages on the former screen`() throws {
      let directory = try ScratchDirectory()
      let terminal = try PseudoTerminal(columns: 100, lines: 30)
      let program = try start(terminal, in: directory)
      try program.wait(until: "the dashboard was shown") { terminal.isAlternate }
      let victim = try program.waitForWorkers(4)[0]
      kill(victim, SIGKILL)
      try program.wait(until: "the death was shown") {
        terminal.lines.contains { $0.contains("was killed by signal 9") }
      }
      program.send(SIGTERM)
      _ = try program.waitForEnd()
      expectRestored(terminal)
      expectLine(on: terminal) { $0.contains("was killed by signal 9") }
      expectLine(on: terminal) { $0.contains(" SPS") }
    }

    @Test func `an error restores the terminal`() throws {
      let directory = try ScratchDirectory()
      let terminal = try PseudoTerminal(columns: 80, lines: 24)
      let program = try start(terminal, options: ["--save-every", "1000"], in: directory)
      try program.wait(until: "the dashboard was shown") { terminal.isAlternate }
      try directory.removeAtOnce("run")
      #expect(try program.waitForEnd().exitCode == 1)
      expectRestored(terminal)
      expectLine(on: terminal) { $0.hasPrefix("Error: ") }
    }

    @Test func `without a terminal it is refused`() throws {
      let directory = try ScratchDirectory()
      let outcome = try RunningProgram.run(
        Executable.rlplay, ["train", "--dashboard"], in: directory.url)
      #expect(outcome.exitCode == 64)
      #expect(outcome.errors.hasPrefix("Error: --dashboard needs a terminal as standard error"))
      #expect(directory.names == [])
    }
  }
}
