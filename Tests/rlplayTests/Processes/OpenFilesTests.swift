import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

extension ProcessTests {
  /// Callers that closed standard streams, and limits on open files.
  struct OpenFilesTests {
    private static let bash = URL(fileURLWithPath: "/bin/bash")

    /// Closes what the test's own process left open, since the figures count every open file.
    private static let closingInherited = """
      for file in /proc/self/fd/*; do
        number=${file##*/}
        if ((number > 2 && number != 255)); then eval "exec $number>&-"; fi
      done
      """

    /// Starts a training run by a shell, after a command of its own and with redirections.
    private func train(
      _ options: String, before: String = ":", redirections: String = "",
      in directory: ScratchDirectory
    ) throws -> RunningProgram {
      let program = try Executable.rlplay.path
      return try RunningProgram(
        Self.bash,
        [
          "-c",
          """
          \(Self.closingInherited)
          \(before); exec '\(program)' train --eval-every 0 --seed 1 \
          --run-dir '\(directory.path("run"))' \(options) \(redirections)
          """,
        ], in: directory.url)
    }

    private func metrics(in directory: ScratchDirectory) throws -> [[String: Any]] {
      let text = try String(contentsOfFile: directory.path("run/metrics.jsonl"), encoding: .utf8)
      return try text.split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
    }

    // MARK: Standard streams

    @Test(arguments: [
      "2>&-", ">&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-",
    ])
    func `closed standard streams do not reach the run's memory`(redirections: String) throws {
      for collector in ["", "--deterministic", "--collector same"] {
        let directory = try ScratchDirectory()
        // Not quiet: the last line of progress is always written.
        let program = try train(
          "--actors 2 --buffers 4 --steps 1200 \(collector)", redirections: redirections,
          in: directory)
        let outcome = try program.waitForEnd()
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(try metrics(in: directory).last?["env_steps"] as? Int == 1200)
      }
    }

    @Test func `closed standard streams lead to the null device`() throws {
      let directory = try ScratchDirectory()
      let program = try train(
        "--actors 2 --buffers 4 --steps \(StopTests.endless)", redirections: "<&- >&- 2>&-",
        in: directory)
      _ = try program.waitForWorkers(2)
      for number in 0...2 {
        let file = try SystemCalls.readLink("/proc/\(program.pid)/fd/\(number)")
        #expect(file == "/dev/null", "descriptor \(number)")
      }
      program.send(SIGTERM)
      #expect(try program.waitForEnd().exitCode == 128 + SIGTERM)
    }

    @Test(.enabled(if: Python.hasGymnasium, Comment(rawValue: Python.gymnasiumAbsence)))
    func `an interpreter that closes standard streams plays nevertheless`() throws {
      let directory = try ScratchDirectory()
      let environments = try PythonEnvironments()
      try ShellScript.write(
        "exec '\(environments.python)' \"$@\" 2>&-", to: directory.path("python"))
      let program = try train(
        """
        --env gym:rlplay_cases:Counter-v0 --python '\(directory.path("python"))' --actors 1 \
        --buffers 2 --steps 200 --quiet
        """, in: directory)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }

    // MARK: Limits

    @Test func `every low limit on open files is refused in a sentence`() throws {
      let directory = try ScratchDirectory()
      let program = try Executable.rlplay.path
      let script = """
        \(Self.closingInherited)
        for limit in $(seq 8 140); do
          (ulimit -n $limit
           '\(program)' train --actors 4 --steps 2000 --quiet --run-dir run >output 2>errors
           echo "$limit $? $(wc -l <output) $(cat errors)")
        done
        """
      let outcome = try RunningProgram.run(
        Self.bash, ["-c", script], in: directory.url, within: 50)
      let lines = outcome.output.split(separator: "\n")
      #expect(lines.count == 133)
      for (limit, line) in zip(8...140, lines) {
        #expect(
          line == """
            \(limit) 1 0 Error: the hard limit on open files is \(limit) and 4 workers need 256: \
            raise it with 'ulimit -n 256' as root or in the container's settings
            """)
      }
      #expect(!directory.names.contains("run"))
    }

    @Test func `a limit that is too low for all workers names the numbers`() throws {
      let directory = try ScratchDirectory()
      let outcome = try train(
        "--actors 70 --buffers 70 --steps 1000", before: "ulimit -n 256", in: directory
      ).waitForEnd(within: 5)
      #expect(outcome.exitCode == 1)
      #expect(outcome.errorLines.count == 1)
      let sentence = outcome.errors
      #expect(
        sentence.hasPrefix(
          "Error: the hard limit on open files is 256 and 70 workers need 3"), "\(sentence)")
      #expect(sentence.contains("'ulimit -n 3"))
      #expect(sentence.contains("fewer workers (--actors)"))
      #expect(!directory.names.contains("run"))
    }

    @Test func `a low soft limit is raised`() throws {
      let directory = try ScratchDirectory()
      let outcome = try train(
        "--actors 40 --buffers 40 --steps 4000 --quiet", before: "ulimit -S -n 64", in: directory
      ).waitForEnd()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.errors.isEmpty)
    }

    @Test func `a file that the caller left open at a large number counts by it`() throws {
      let directory = try ScratchDirectory()
      let options = "--actors 2 --buffers 4 --steps 400 --quiet"
      let outcome = try train(
        options, before: "exec 900</dev/null; ulimit -S -n 64", in: directory
      ).waitForEnd()
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let refused = try train(
        options, before: "exec 900</dev/null; ulimit -n 300", in: try ScratchDirectory()
      ).waitForEnd()
      #expect(refused.exitCode == 1)
      #expect(refused.errors.contains("need 901: raise it"), "\(refused.errors)")
    }

    @Test func `a signal ends a run that starts many workers`() throws {
      let directory = try ScratchDirectory()
      let program = try train(
        "--actors 100 --buffers 100 --steps \(StopTests.endless) --quiet",
        before: "ulimit -S -n 256", in: directory)
      _ = try program.waitForWorkers(3)
      program.send(SIGTERM)
      let outcome = try program.waitForEnd(within: 10)
      #expect(outcome.exitCode == 128 + SIGTERM, "\(outcome.errors)")
      #expect(program.family.isEmpty)
    }
  }
}
