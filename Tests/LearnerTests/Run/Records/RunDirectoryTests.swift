import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

@testable import Learner

@Suite struct RunDirectoryTests {
  private func create(in parent: URL, seed: UInt64 = 1) throws -> RunDirectory {
    try RunDirectory.create(
      environment: "CartPole-v1", algorithm: "reinforce", seed: seed, in: parent,
      at: Date(timeIntervalSince1970: 1_700_000_000))
  }

  @Test func `the name tells environment, algorithm, seed and time`() throws {
    #expect(
      RunDirectory.directoryName(
        environment: "CartPole-v1", algorithm: "reinforce", seed: 7, timeStamp: "20250131-142530")
        == "CartPole-v1-reinforce-7-20250131-142530")
    #expect(
      RunDirectory.directoryName(
        environment: "../ALE/Pong é", algorithm: "a", seed: 0, timeStamp: "t")
        == "-.-ALE-Pong---a-0-t")
  }

  @Test func `a run has a directory with a folder for checkpoints`() throws {
    try withTemporaryDirectory { directory in
      let run = try create(in: directory.appendingPathComponent("deep/runs"))
      #expect(try names(in: run.url) == ["checkpoints"])
      let pattern = /CartPole-v1-reinforce-1-[0-9]{8}-[0-9]{6}/
      #expect(run.url.lastPathComponent.wholeMatch(of: pattern) != nil)
      try run.writeConfiguration(Data("{}".utf8))
      #expect(try names(in: run.url) == ["checkpoints", "config.json"])
    }
  }

  @Test func `runs of one second have directories of their own`() throws {
    try withTemporaryDirectory { directory in
      let runs = try (0..<3).map { _ in try create(in: directory).url.lastPathComponent }
      #expect(Set(runs).count == 3)
      #expect(runs[1] == runs[0] + "-2")
      #expect(runs[2] == runs[0] + "-3")
    }
  }

  @Test func `a directory of the user's choice may be new or empty`() throws {
    try withTemporaryDirectory { directory in
      let new = directory.appendingPathComponent("a/b", isDirectory: true)
      _ = try RunDirectory.create(at: new)
      #expect(try names(in: new) == ["checkpoints"])
      // A hidden file, or the remains of a start that failed, are no obstacle.
      try Data().write(to: new.appendingPathComponent(".keep"))
      _ = try RunDirectory.create(at: new)
    }
  }

  @Test func `a directory that holds a run is refused with a remedy`() throws {
    try withTemporaryDirectory { directory in
      let run = try RunDirectory.create(at: directory)
      try run.writeConfiguration(Data("{}".utf8))
      let error = #expect(throws: RecordError.self) { _ = try RunDirectory.create(at: directory) }
      #expect(error?.code == .occupied)
      #expect(
        error?.description
          == "'\(directory.relativePath)' already holds a run (it has a config.json);"
          + " name another directory with --run-dir, or move that one away")
    }
  }

  @Test func `a directory that holds something else is refused, and left as it is`() throws {
    try withTemporaryDirectory { directory in
      try Data().write(to: directory.appendingPathComponent("thesis.tex"))
      let error = #expect(throws: RecordError.self) { _ = try RunDirectory.create(at: directory) }
      #expect(error?.code == .occupied)
      #expect(error?.description.contains("'thesis.tex'") == true)
      #expect(try names(in: directory) == ["thesis.tex"])
    }
  }

  @Test func `a file in the way is refused`() throws {
    try withTemporaryDirectory { directory in
      let file = directory.appendingPathComponent("file")
      try Data().write(to: file)
      for url in [file, file.appendingPathComponent("run")] {
        let error = #expect(throws: RecordError.self) { _ = try RunDirectory.create(at: url) }
        #expect(error?.errorNumber == ENOTDIR)
        #expect(error?.description.hasPrefix("cannot create '\(file.path)'") == true)
      }
      #expect(throws: RecordError.self) { _ = try create(in: file) }
    }
  }

  /// Nobody can create a directory in /proc, not even root.
  @Test func `a place that cannot be written to is refused`() throws {
    let error = #expect(throws: RecordError.self) {
      _ = try RunDirectory.create(at: URL(fileURLWithPath: "/proc/rlplay/run"))
    }
    #expect(error?.code == .unwritable)
    #expect(error?.description.hasPrefix("cannot create '/proc/rlplay'") == true)
  }
}
