import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

extension ProcessTests {
  /// Programs whose file is removed or replaced while they run, as by a build.
  struct ReplacedProgramTests {
    @Test(arguments: [false, true])
    func `workers are the learner's program whatever its file is by now`(isReplaced: Bool) throws {
      let directory = try ScratchDirectory()
      let copy = directory.url.appendingPathComponent("trainer")
      try FileManager.default.copyItem(at: Executable.faultyTrainer, to: copy)
      let options = """
        {"env": "CartPole-v1", "steps": 1000000000, "actors": 2, "buffers": 4, "eval-every": 0, \
        "run-dir": "\(directory.path("run"))"}
        """
      let program = try RunningProgram(copy, [options], in: directory.url)
      let workers = try program.waitForWorkers(2)
      let metrics = directory.path("run/metrics.jsonl")
      func metricsByteCount() -> Int { FileManager.default.contents(atPath: metrics)?.count ?? 0 }
      try program.wait(until: "metrics were written") { metricsByteCount() > 0 }

      try FileManager.default.removeItem(at: copy)
      if isReplaced { try ShellScript.write("exit 9", to: copy.path) }
      for worker in workers { kill(worker, SIGKILL) }
      try program.wait(until: "both were replaced") {
        program.errors.split(separator: "\n").count == 2
      }
      for worker in try program.waitForWorkers(2) {
        // By its name `ps` and `pkill` know a process.
        try program.wait(until: "the worker had its name") {
          (try? String(contentsOfFile: "/proc/\(worker)/comm", encoding: .utf8)) == "trainer\n"
        }
      }
      let before = metricsByteCount()
      try program.wait(until: "more was learned") { metricsByteCount() > before }
      program.send(SIGTERM)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 128 + SIGTERM)
      #expect(outcome.deaths.count == 2, "\(outcome.errors)")
      #expect(outcome.errorLines.count == 2, "\(outcome.errors)")
    }

    @Test func `without /proc a command says so`() throws {
      let program = try Executable.rlplay.path
      let unshare = URL(fileURLWithPath: "/usr/bin/unshare")
      let options = getuid() == 0 ? ["-m"] : ["-rm"]
      let probe = try? RunningProgram.run(
        unshare, options + ["sh", "-c", "mount -t tmpfs none /proc"])
      guard probe?.exitCode == 0 else {
        // Containers may forbid it.
        return
      }
      for arguments in ["", "train", "--version", "envs --json"] {
        let outcome = try RunningProgram.run(
          unshare,
          options + ["sh", "-c", "mount -t tmpfs none /proc; exec '\(program)' \(arguments)"])
        #expect(outcome.exitCode == 1)
        #expect(outcome.output.isEmpty)
        #expect(
          outcome.errors == """
            Error: /proc is not mounted, but rlplay reads the command line and starts workers \
            there: mount it with 'mount -t proc proc /proc'.

            """)
      }
    }
  }
}
