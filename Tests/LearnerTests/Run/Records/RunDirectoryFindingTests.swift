import Foundation
import Learner
import Rollout
import TestSupport
import Testing

@Suite struct RunDirectoryFindingTests {
  /// Creates a run with a configuration dated `age` seconds after a fixed time.
  private func run(
    _ name: String, in parent: URL, age: Double, checkpoints: [String] = ["last"]
  ) throws -> RunDirectory {
    let run = try RunDirectory.create(at: parent.appendingPathComponent(name, isDirectory: true))
    try run.writeConfiguration(Data("{}".utf8))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000 + age)],
      ofItemAtPath: run.configuration.path)
    for checkpoint in checkpoints {
      try Data().write(
        to: run.checkpoints.appendingPathComponent("\(checkpoint).safetensors"))
    }
    return run
  }

  private func path(_ argument: String?, in parent: URL) throws -> String {
    let resolution = try RunDirectory.resolve(argument, in: parent)
    return resolution.checkpoint.path.replacingOccurrences(of: parent.path + "/", with: "")
  }

  @Test func `the newest run is that with the newest configuration`() throws {
    try withTemporaryDirectory { parent in
      #expect(RunDirectory.newest(in: parent) == nil)
      #expect(RunDirectory.newest(in: parent.appendingPathComponent("missing")) == nil)
      _ = try run("c", in: parent, age: 0)
      _ = try run("a", in: parent, age: 2)
      _ = try run("b", in: parent, age: 1)
      // A stray file or a directory without a configuration is not a run.
      try Data().write(to: parent.appendingPathComponent("zz"))
      try FileManager.default.createDirectory(
        at: parent.appendingPathComponent("zzz"), withIntermediateDirectories: true)
      #expect(RunDirectory.newest(in: parent)?.url.lastPathComponent == "a")
      #expect(try path(nil, in: parent) == "a/checkpoints/last.safetensors")
      _ = try run("d", in: parent, age: 2)
      #expect(RunDirectory.newest(in: parent)?.url.lastPathComponent == "d")
    }
  }

  @Test func `the runs of an experiment are among those of the directory`() throws {
    try withTemporaryDirectory { parent in
      _ = try run("single", in: parent, age: 1)
      _ = try run("experiment/gamma=0.9/seed-1", in: parent, age: 2)
      _ = try run("experiment/seed-1", in: parent, age: 0)
      _ = try run("other/seed-1", in: parent, age: 3)
      // Only its file tells that a directory is that of an experiment.
      let experiment = parent.appendingPathComponent("experiment", isDirectory: true)
      try Data().write(to: RunDirectory.experiment(in: experiment))
      func names(_ parent: URL) -> [String] {
        RunDirectory.all(in: parent).map {
          $0.url.path.replacingOccurrences(of: parent.path + "/", with: "")
        }
      }
      #expect(
        names(parent) == ["experiment/gamma=0.9/seed-1", "single", "experiment/seed-1"])
      #expect(names(experiment) == ["gamma=0.9/seed-1", "seed-1"])
      #expect(names(experiment.appendingPathComponent("gamma=0.9")) == ["seed-1"])
    }
  }

  @Test func `a run's best checkpoint goes before its last`() throws {
    try withTemporaryDirectory { parent in
      let both = try run("both", in: parent, age: 0, checkpoints: ["last", "best"])
      for argument in ["both", both.url.path, both.url.path + "/", both.checkpoints.path] {
        #expect(try path(argument, in: parent) == "both/checkpoints/best.safetensors")
      }
      let resolution = try RunDirectory.resolve(both.lastCheckpoint.path, in: parent)
      #expect(resolution.checkpoint.path == both.lastCheckpoint.path)
      #expect(resolution.configuration?.path == both.configuration.path)
    }
  }

  @Test func `a file outside of any run is a checkpoint without a configuration`() throws {
    try withTemporaryDirectory { parent in
      let file = parent.appendingPathComponent("mine.safetensors")
      try Data().write(to: file)
      let resolution = try RunDirectory.resolve(file.path, in: parent)
      #expect(resolution.checkpoint.path == file.path)
      #expect(resolution.run == nil)
    }
  }

  @Test func `what is not there is said, with the newest run as a hint`() throws {
    try withTemporaryDirectory { parent in
      func message(_ argument: String?) -> String? {
        do {
          _ = try RunDirectory.resolve(argument, in: parent)
          return nil
        } catch {
          return error.description
        }
      }
      #expect(
        message(nil)
          == "there is no run in '\(parent.relativePath)'; train one with rlplay train,"
          + " or name a run or a checkpoint")
      #expect(message("nothing") == "there is no run or checkpoint 'nothing'")
      let young = try run("young", in: parent, age: 0, checkpoints: [])
      #expect(
        message("nothing")
          == "there is no run or checkpoint 'nothing'; the newest run is '\(young.path)'")
      #expect(
        message(nil)
          == "the run '\(young.path)' has no checkpoint yet;"
          + " wait for its first one, or name another run")
      #expect(
        message(parent.path)
          == "'\(parent.path)' is not a run: it has neither a config.json nor a checkpoint")
      #expect(message("") == "there is no run or checkpoint ''; the newest run is '\(young.path)'")
    }
  }
}
