import Foundation
import Glibc
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of the list of runs.
  struct RunsTests {
    private let directory: ScratchDirectory

    init() throws { directory = try ScratchDirectory() }

    private func start(_ name: String, _ options: String...) throws -> RunningProgram {
      try RunningProgram(
        Executable.rlplay,
        ["train", "--quiet", "--actors", "2", "--seed", "1", "--run-dir", "runs/\(name)"]
          + options, in: directory.url)
    }

    private func list(_ arguments: String...) throws -> [[String: Any]] {
      let outcome = try RunningProgram.run(
        Executable.rlplay, ["runs", "--json"] + arguments, in: directory.url)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      return try #require(outcome.json["runs"] as? [[String: Any]])
    }

    private func state(_ name: String) throws -> String? {
      try list().first { $0["run_dir"] as? String == "runs/\(name)" }?["state"] as? String
    }

    @Test func `each run is listed with its state and results, the newest first`() throws {
      let first = try start(
        "first", "--steps", "20000", "--eval-every", "5000", "--algorithm", "ppo")
      #expect(try first.waitForEnd().exitCode == 0)
      let second = try start("second", "--steps", StopTests.endless, "--eval-every", "0")
      try second.wait(until: "the run was saved") {
        FileManager.default.fileExists(
          atPath: directory.path("runs/second/checkpoints/state.safetensors"))
      }
      let runs = try list()
      #expect(runs.map { $0["run_dir"] as? String } == ["runs/second", "runs/first"])
      #expect(runs.map { $0["state"] as? String } == ["running", "done"])
      #expect(runs.map { $0["algorithm"] as? String } == ["reinforce", "ppo"])
      #expect(runs[1]["environment"] as? String == "CartPole-v1")
      #expect(try #require(runs[1]["env_steps"] as? Int) >= 20000)
      #expect(runs[1]["total_steps"] as? Int == 20000)
      let last = try #require(runs[1]["eval_return"] as? Double)
      #expect(try #require(runs[1]["best_return"] as? Double) >= last)
      #expect(runs[0]["eval_return"] is NSNull)

      second.send(SIGTERM)
      #expect(try second.waitForEnd().exitCode == 128 + SIGTERM)
      #expect(try state("second") == "interrupted")
      let text = try RunningProgram.run(Executable.rlplay, ["runs"], in: directory.url).output
      let rows = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
      #expect(rows.map(\.first) == ["run", "runs/second", "runs/first"])
      #expect(rows.map { $0[1] } == ["state", "interrupted", "done"])
    }

    @Test func `a killed run is interrupted, and resuming makes it one that runs`() throws {
      let program = try start("one", "--steps", StopTests.endless, "--eval-every", "0")
      let saved = directory.path("runs/one/checkpoints/state.safetensors")
      try program.wait(until: "the run was saved") {
        FileManager.default.fileExists(atPath: saved)
      }
      program.send(SIGTERM)
      _ = try program.waitForEnd()
      let resumed = try RunningProgram(
        Executable.rlplay, ["train", "--quiet", "--resume", "runs/one"], in: directory.url)
      try resumed.wait(until: "the run goes on") { (try? state("one")) == "running" }
      resumed.send(SIGKILL)
      _ = try resumed.waitForEnd()
      #expect(!FileManager.default.fileExists(atPath: directory.path("runs/one/ending.json")))
      #expect(try state("one") == "interrupted")
    }

    @Test func `a run that diverged says why`() throws {
      let program = try start(
        "one", "--steps", "4000000", "--eval-every", "0", "--learning-rate", "1e6")
      #expect(try program.waitForEnd().exitCode == 1)
      let run = try #require(try list().first)
      #expect(run["state"] as? String == "diverged")
      #expect(try #require(run["error"] as? String).contains("last sound weights"))
    }

    @Test func `damaged and foreign directories do not disturb the list`() throws {
      let manager = FileManager.default
      for name in ["runs/empty", "runs/damaged/checkpoints", "runs/odd"] {
        try manager.createDirectory(
          atPath: directory.path(name), withIntermediateDirectories: true)
      }
      for (name, text) in [
        "runs/damaged/config.json": "{", "runs/damaged/metrics.jsonl": "{\"eval_return\":\n\u{0}",
        "runs/damaged/ending.json": "[]", "runs/damaged/checkpoints/last.safetensors": "x",
        "runs/file": "text", "runs/odd/config.json": "{\"env\": \"\\u001b[31mred\"}",
      ] {
        try Data(text.utf8).write(to: directory.url.appendingPathComponent(name))
      }
      let runs = try list()
      #expect(
        Set(runs.compactMap { $0["run_dir"] as? String }) == ["runs/damaged", "runs/odd"])
      #expect(runs.allSatisfy { $0["state"] as? String == "interrupted" })
      let text = try RunningProgram.run(Executable.rlplay, ["runs"], in: directory.url).output
      #expect(!text.contains("\u{1b}"))
    }

    @Test func `an empty list and a missing directory are said`() throws {
      let none = try RunningProgram.run(Executable.rlplay, ["runs"], in: directory.url)
      #expect(none.exitCode == 0 && none.output.hasPrefix("no runs in 'runs'"), "\(none.output)")
      let missing = try RunningProgram.run(Executable.rlplay, ["runs", "no"], in: directory.url)
      #expect(missing.exitCode == 1)
      #expect(missing.errors.contains("there is no directory 'no'"), "\(missing.errors)")
    }
  }
}
