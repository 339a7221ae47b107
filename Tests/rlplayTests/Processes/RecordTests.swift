import Foundation
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of the records of whole runs.
  struct RecordTests {
    private static let options = [
      "train", "--quiet", "--collector", "same", "--seed", "3", "--algorithm", "ppo",
      "--eval-episodes", "2", "--run-dir", "run",
    ]

    @discardableResult
    private func train(_ options: [String], in directory: ScratchDirectory) throws -> String {
      let outcome = try RunningProgram.run(Executable.rlplay, options, in: directory.url)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      return outcome.errors
    }

    @Test(.enabled(if: Python.hasTensorBoard, Comment(rawValue: Python.tensorBoardAbsence)))
    func `TensorBoard and tbparse read what metrics.jsonl says, also of a resumed run`() throws {
      let directory = try ScratchDirectory()
      try train(
        Self.options + ["--steps", "30000", "--eval-every", "10000", "--log-gradients"]
          + ["--save-every", "20000"], in: directory)
      try Python.run([Python.script("check_records.py"), directory.path("run")])
      try train(["train", "--quiet", "--resume", "run", "--steps", "40000"], in: directory)
      let text = try Python.run([Python.script("check_records.py"), directory.path("run")])
      #expect(text.contains("agree"))
    }

    @Test func `every update has a record of its own if so asked`() throws {
      let directory = try ScratchDirectory()
      try train(
        Self.options + ["--steps", "8192", "--eval-every", "0", "--epochs", "1"]
          + ["--minibatches", "1", "--log-every", "1", "--log", "jsonl"], in: directory)
      let text = try String(contentsOfFile: directory.path("run/metrics.jsonl"), encoding: .utf8)
      let updates = try text.split(separator: "\n").map { line in
        try #require(
          try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])["updates"]
          as? Int
      }
      #expect(updates.count > 2 && updates == (1...updates.count).map(Optional.some))
      let files = try FileManager.default.contentsOfDirectory(atPath: directory.path("run"))
      #expect(Set(files) == ["config.json", "ending.json", "checkpoints", "metrics.jsonl"])
    }

    @Test func `a run without records trains, saves and resumes`() throws {
      let directory = try ScratchDirectory()
      try train(
        Self.options + ["--steps", "8192", "--eval-every", "4096", "--log", "none"], in: directory)
      try train(["train", "--quiet", "--resume", "run", "--steps", "16384"], in: directory)
      let files = try FileManager.default.contentsOfDirectory(atPath: directory.path("run"))
      #expect(Set(files) == ["config.json", "ending.json", "checkpoints"])
    }

    @Test func `records that cannot be written are said once, and training goes on`() throws {
      let directory = try ScratchDirectory()
      let program = try RunningProgram(
        Executable.rlplay,
        Self.options + ["--steps", StopTests.endless, "--eval-every", "0"]
          + ["--save-every", "0", "--log", "jsonl,csv"], in: directory.url)
      let path = directory.path("run/metrics.jsonl")
      try program.wait(until: "metrics were written") {
        FileManager.default.contents(atPath: path)?.isEmpty == false
      }
      try FileManager.default.removeItem(atPath: path)
      let table = directory.path("run/metrics.csv")
      func byteCount() -> Int { FileManager.default.contents(atPath: table)?.count ?? 0 }
      for _ in 0..<3 {
        let before = byteCount()
        try program.wait(until: "more was learned") { byteCount() > before }
      }
      program.send(SIGINT)
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 130, "\(outcome.errors)")
      #expect(
        outcome.errorLines.filter { $0.contains("metrics.jsonl") } == [
          "'run/metrics.jsonl' was removed while the run was writing to it; training goes on, and "
            + "further failures of these metrics are not reported"
        ], "\(outcome.errors)")
    }

    @Test func `a run whose directory is removed ends at the next save`() throws {
      let directory = try ScratchDirectory()
      let program = try RunningProgram(
        Executable.rlplay,
        Self.options + ["--steps", StopTests.endless, "--eval-every", "0"]
          + ["--save-every", "4096"], in: directory.url)
      let path = directory.path("run/checkpoints/state.safetensors")
      try program.wait(until: "a state was saved") { FileManager.default.fileExists(atPath: path) }
      try directory.removeAtOnce("run")
      let outcome = try program.waitForEnd()
      #expect(outcome.exitCode == 1)
      #expect(outcome.errors.contains("cannot write into 'run/checkpoints'"), "\(outcome.errors)")
    }
  }
}
