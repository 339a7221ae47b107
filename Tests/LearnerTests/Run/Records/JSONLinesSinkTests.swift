import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

@testable import Learner

@Suite struct JSONLinesSinkTests {
  private func record(_ step: Int, loss: Double) -> MetricsRecord {
    var record = MetricsRecord()
    record.set("env_steps", step)
    record.set("loss", loss)
    record.set("phase", "training")
    return record
  }

  @Test func `every line is an object with its keys in order`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("metrics.jsonl")
      let log = try JSONLinesSink(appendingTo: url)
      try log.append(record(1, loss: 0.5))
      try log.append(record(2, loss: .nan))
      try log.flush()
      let text = try String(contentsOf: url, encoding: .utf8)
      #expect(
        text == """
          {"env_steps":1,"loss":0.5,"phase":"training"}
          {"env_steps":2,"loss":null,"phase":"training"}

          """)
      for line in text.split(separator: "\n") {
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
      }
    }
  }

  @Test func `lines wait until they are flushed`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("metrics.jsonl")
      let log = try JSONLinesSink(appendingTo: url)
      try log.append(record(1, loss: 1))
      try log.flush()
      let first = try Data(contentsOf: url).count
      #expect(first > 0)
      for step in 2...3 { try log.append(record(step, loss: 1)) }
      try log.flush()
      #expect(try Data(contentsOf: url).count == 3 * first)
    }
  }

  @Test func `many lines are written before anyone asks`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("metrics.jsonl")
      let log = try JSONLinesSink(appendingTo: url)
      for step in 0..<3000 { try log.append(record(step, loss: 0)) }
      let text = try String(contentsOf: url, encoding: .utf8)
      #expect(text.utf8.count >= 1 << 16)
      #expect(text.hasSuffix("}\n"))
      try log.flush()
    }
  }

  @Test func `a log that goes out of use is written, and a second one continues it`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("metrics.jsonl")
      for step in 1...2 {
        let log = try JSONLinesSink(appendingTo: url)
        try log.append(record(step, loss: 0))
      }
      let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == 2)
    }
  }

  @Test func `a full disk is reported, with the path`() throws {
    let log = try JSONLinesSink(appendingTo: URL(fileURLWithPath: "/dev/full"))
    try log.append(record(1, loss: 1))
    var message = ""
    do { try log.flush() } catch { message = error.description }
    #expect(message.hasPrefix("cannot append to '/dev/full': No space left on device;"))
  }

  @Test func `a disk that fills up in a line leaves whole lines, and the rest comes later`() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      try withTemporaryDirectory { directory in
        let url = directory.appendingPathComponent("metrics.jsonl")
        let log = try JSONLinesSink(appendingTo: url)
        var record = MetricsRecord()
        record.set("text", String(repeating: "x", count: 3000))
        try log.append(record)
        try log.flush()
        let lineLength = try Data(contentsOf: url).count
        var limit = rlimit(rlim_cur: 4096, rlim_max: 1 << 30)
        try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
        try log.append(record)
        var failure: RecordError?
        do { try log.flush() } catch { failure = error as? RecordError }
        #expect(failure?.errorNumber == EFBIG)
        #expect(try Data(contentsOf: url).count == lineLength)
        limit.rlim_cur = limit.rlim_max
        try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
        try log.flush()
        #expect(try Data(contentsOf: url).count == 2 * lineLength)
      }
    }
  }

  @Test func `a place that is no directory is refused`() throws {
    let error = #expect(throws: RecordError.self) {
      _ = try JSONLinesSink(appendingTo: URL(fileURLWithPath: "/dev/null/metrics.jsonl"))
    }
    #expect(error?.errorNumber == ENOTDIR)
  }

  @Test(arguments: [(3, 300, 3), (3, 200, 2), (2, 300, 2), (0, 0, 0)])
  func `what is beyond updates or steps is cut off`(updates: Int, steps: Int, left: Int) throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("metrics.jsonl")
      let log = try JSONLinesSink(appendingTo: url)
      // The record at step 400 is written before and after an update.
      for (updates, steps) in [(1, 100), (2, 200), (3, 300), (3, 400), (4, 400)] {
        var record = MetricsRecord()
        record.set("env_steps", steps)
        record.set("updates", updates)
        record.set("eval_return", Double(steps))
        try log.append(record)
      }
      try log.flush()
      let lost = try log.cut(beyond: updates, steps: steps)
      #expect(lost.map(\.steps) == Array([400, 400, 300, 200, 100].prefix(5 - left)))
      try log.flush()
      let text = try String(contentsOf: url, encoding: .utf8)
      #expect(text.split(separator: "\n").count == left)
    }
  }

  @Test func `a run that has ended is free, whoever still has its directory open`() throws {
    try withTemporaryDirectory { url in
      let directory = RunDirectory(existing: url)
      var lock: RunLock? = try RunLock(directory)
      // A forked process has such a copy before it executes another program.
      let inherited = try SystemCalls.duplicate(#require(lock).directory.rawValue)
      #expect(throws: RecordError.self) { try RunLock(directory) }
      lock = nil
      _ = try RunLock(directory)
      Glibc.close(inherited)
    }
  }

  @Test func `looking at a run does not keep another process from its lock`() throws {
    try withTemporaryDirectory { url in
      let directory = RunDirectory(existing: url)
      func state() -> RunOverview.State { RunOverview(of: directory).state }
      // A lock that `isHeld` took would be held by this descriptor.
      let looking = try SystemCalls.open(url.path, O_RDONLY | O_DIRECTORY)
      #expect(try !SystemCalls.isLocked(looking.rawValue))
      var lock: RunLock? = try RunLock(directory)
      #expect(try SystemCalls.isLocked(looking.rawValue))
      #expect(state() == .running)
      let inherited = try SystemCalls.duplicate(#require(lock).directory.rawValue)
      lock = nil
      #expect(state() == .interrupted)
      Glibc.close(inherited)
    }
  }

  @Test func `a loop of one's own tells how its run ended`() throws {
    try withTemporaryDirectory { url in
      let directory = RunDirectory(existing: url)
      var lock: RunLock? = try RunLock(directory)
      lock?.end(as: .failed, error: "no luck")
      #expect(RunOverview(of: directory).state == .running)
      lock = nil
      let overview = RunOverview(of: directory)
      #expect(overview.state == .failed)
      #expect(overview.error == "no luck")
    }
  }

  @Test func `records for a removed file are refused`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("metrics.jsonl")
      let log = try JSONLinesSink(appendingTo: url)
      try FileManager.default.removeItem(at: url)
      try log.append(record(1, loss: 1))
      let error = #expect(throws: RecordError.self) { try log.flush() }
      #expect(error?.description.contains("was removed") == true)
    }
  }
}
