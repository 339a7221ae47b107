import Foundation
import Glibc
import Learner
import Rollout
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of runs that are killed and resumed.
  struct ResumeTests {
    private static let options = [
      "--quiet", "--deterministic", "--seed", "3", "--actors", "4", "--buffers", "8",
      "--eval-every",
      "0", "--steps", "200000",
    ]

    private func savedSteps(_ directory: ScratchDirectory) -> Int? {
      try? RunState.load(from: RunDirectory(existing: directory.url.appending(path: "cut")).state)
        .steps
    }

    @Test(arguments: [["--algorithm", "ppo"], ["--recurrent", "lstm"]])
    func `a run whose learner is killed again and again leaves the bytes of one without a break`(
      more: [String]
    ) throws {
      let directory = try ScratchDirectory()
      let options = ["train"] + Self.options + more
      let whole = try RunningProgram.run(
        Executable.rlplay, options + ["--run-dir", "whole"], in: directory.url)
      #expect(whole.exitCode == 0, "\(whole.errors)")

      var random = PCG64(seed: 5)
      var arguments = options + ["--run-dir", "cut", "--save-every", "4000"]
      for _ in 0..<3 {
        let former = savedSteps(directory)
        let program = try RunningProgram(Executable.rlplay, arguments, in: directory.url)
        try program.wait(until: "a state was saved") {
          savedSteps(directory).map { $0 > former ?? 0 } ?? false
        }
        // The kill comes between two saves, or within one.
        usleep(UInt32(random.next() % 20_000))
        program.send(SIGKILL)
        _ = try program.waitForEnd()
        arguments = ["train", "--quiet", "--resume", "cut"]
      }
      let last = try RunningProgram.run(
        Executable.rlplay, ["train", "--resume", "cut"], in: directory.url)
      #expect(last.exitCode == 0, "\(last.errors)")
      #expect(last.output.contains("of 200,000 steps: all is restored, and the bytes will be"))
      func weights(_ name: String) throws -> Data {
        try Data(
          contentsOf: directory.url.appending(path: "\(name)/checkpoints/last.safetensors"))
      }
      #expect(try weights("cut") == weights("whole"))
    }

    @Test func `after an interruption a run goes on where it stopped, and only one at a time`()
      throws
    {
      let directory = try ScratchDirectory()
      let program = try RunningProgram(
        Executable.rlplay,
        ["train", "--quiet", "--eval-every", "0", "--steps", StopTests.endless, "--run-dir", "cut"]
          + ["--save-every", "4000"], in: directory.url)
      try program.wait(until: "a state was saved") { savedSteps(directory) != nil }
      let second = try RunningProgram.run(
        Executable.rlplay, ["train", "--resume", "cut"], in: directory.url)
      #expect(second.exitCode == 1)
      #expect(
        second.errors.contains("this run is still active in another process"), "\(second.errors)")
      program.send(SIGINT)
      #expect(try program.waitForEnd().exitCode == 130)

      let steps = try #require(savedSteps(directory))
      let log = directory.url.appending(path: "cut/metrics.jsonl")
      let before = try String(contentsOf: log, encoding: .utf8)
      #expect(before.split(separator: "\n").last?.contains("\"env_steps\":\(steps),") == true)
      let next = try RunningProgram.run(
        Executable.rlplay,
        ["train", "--resume", "cut", "--steps", "\(steps + 8000)", "--json", "--quiet"],
        in: directory.url)
      #expect(next.exitCode == 0, "\(next.errors)")
      #expect(next.count("env_steps") == (steps + 8000 + 399) / 400 * 400)
      #expect(try String(contentsOf: log, encoding: .utf8).hasPrefix(before))
    }
  }
}
