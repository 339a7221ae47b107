import Foundation
import Rollout
import TestSupport
import Testing

@testable import Learner

struct CSVSinkTests {
  private func record(_ steps: Int, _ values: KeyValuePairs<String, Double> = [:]) -> MetricsRecord
  {
    var record = MetricsRecord()
    record.set("env_steps", steps)
    record.set("updates", steps / 100)
    record.set("lags", Histogram.lags)
    for (name, value) in values { record.set(name, value) }
    return record
  }

  private func run(in directory: URL, _ position: (updates: Int, steps: Int)?) -> RecordedRun {
    RecordedRun(directory: directory, configuration: "", network: "", position: position)
  }

  @Test func `a name that appears later adds a column to all lines`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("metrics.csv")
      let table = try CSVSink(appendingTo: url)
      try table.append(record(100, ["loss": 0.5, "kl, \"k3\"": 2]))
      try table.append(record(200, ["loss": .nan]))
      try table.append(record(300, ["eval_return": 12]))
      try table.append(record(400, ["kl, \"k3\"": 1e-7, "loss": 3]))
      try table.flush()
      #expect(
        try String(contentsOf: url, encoding: .utf8) == """
          env_steps,updates,loss,"kl, ""k3""\",eval_return
          100,1,0.5,2,
          200,2,,,
          300,3,,,12
          400,4,3,1e-07,

          """)
    }
  }

  @Test func `a resumed table goes on after the position, with its columns`() throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("metrics.csv")
      let first = try CSVSink(appendingTo: url)
      for step in 1...4 { try first.append(record(100 * step, ["a,b": 1])) }
      try first.flush()
      let handle = try FileHandle(forWritingTo: url)
      try handle.seekToEnd()
      try handle.write(contentsOf: Data("500,5".utf8))
      let second = try CSVSink(appendingTo: url)
      try second.begin(run(in: directory, (2, 200)))
      try second.append(record(300, ["a,b": 2, "loss": 3]))
      try second.flush()
      #expect(
        try String(contentsOf: url, encoding: .utf8) == """
          env_steps,updates,"a,b",loss
          100,1,1,
          200,2,1,
          300,3,2,3

          """)
    }
  }

  @Test(arguments: [
    "", "env_steps", "env_steps,updates", "my,notes\n1,2\n", "env_steps,env_steps,updates\n1,1,1\n",
    "\"", "\n\n\n", "env_steps,updates\n9,9\n\n1\n\"",
  ])
  func `a damaged table is cut to what is one`(content: String) throws {
    try withTemporaryDirectory { directory in
      let url = directory.appendingPathComponent("metrics.csv")
      try Data(content.utf8).write(to: url)
      let table = try CSVSink(appendingTo: url)
      try table.begin(run(in: directory, (1, 100)))
      try table.append(record(100, ["loss": 3]))
      try table.flush()
      let text = try String(contentsOf: url, encoding: .utf8)
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.first?.hasSuffix("env_steps,updates,loss") == true || text.contains("loss"))
      #expect(Set(lines.dropLast().map { $0.count { $0 == "," } }).count == 1, "\(text)")
    }
  }
}
