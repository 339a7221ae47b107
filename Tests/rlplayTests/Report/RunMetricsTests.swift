import Foundation
import Learner
import TestSupport
import Testing

@testable import RolloutCommand

@Suite(.timeLimit(.minutes(10)))
struct RunMetricsTests {
  private let directory: ScratchDirectory
  private let file: URL

  init() throws {
    directory = try ScratchDirectory()
    file = directory.url.appendingPathComponent("metrics.jsonl")
  }

  private var metrics: RunMetrics { RunMetrics(of: RunDirectory(existing: directory.url)) }

  private func append(_ text: String) throws {
    if !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
    let handle = try FileHandle(forWritingTo: file)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(text.utf8))
    try handle.close()
  }

  private func expectUpdate(of metrics: inout RunMetrics, _ expected: Bool) {
    let isNew = metrics.update()
    #expect(isNew == expected)
  }

  private static func line(_ steps: Int, _ rest: String) -> String {
    "{\"env_steps\":\(steps),\"seconds\":\(Double(steps) / 100),\(rest)}\n"
  }

  @Test func `lines are read once, as soon as they are complete`() throws {
    var metrics = metrics
    expectUpdate(of: &metrics, false)
    #expect(metrics.steps.isEmpty)
    try append(Self.line(100, "\"loss\":1.5") + "{\"env_steps\":200,\"se")
    expectUpdate(of: &metrics, true)
    #expect(metrics.points("loss", over: .steps) == [Point(x: 100, y: 1.5)])
    _ = metrics.update()
    #expect(metrics.steps == [100])
    try append("conds\":2,\"loss\":null,\"entropy\":0.5}\n" + Self.line(300, "\"loss\":2"))
    expectUpdate(of: &metrics, true)
    #expect(metrics.steps == [100, 200, 300])
    #expect(metrics.points("loss", over: .time) == [Point(x: 1, y: 1.5), Point(x: 3, y: 2)])
    #expect(metrics.points("entropy", over: .steps) == [Point(x: 200, y: 0.5)])
    #expect(metrics.points("absent", over: .steps).isEmpty)
  }

  @Test func `an evaluation stands at the steps of its weights`() throws {
    try append(
      Self.line(500, "\"eval_env_steps\":400,\"eval_return\":7")
        + Self.line(600, "\"eval_env_steps\":300,\"eval_return\":5"))
    var metrics = metrics
    expectUpdate(of: &metrics, true)
    #expect(
      metrics.points("eval_return", over: .steps) == [Point(x: 300, y: 5), Point(x: 400, y: 7)])
    #expect(
      metrics.points("eval_return", over: .time) == [Point(x: 5, y: 7), Point(x: 6, y: 5)])
  }

  @Test func `histograms are summed, and other lines are skipped`() throws {
    try append(
      Self.line(100, "\"rho_histogram\":{\"0.9\":3,\"inf\":1}") + "not JSON\n[1]\n{}\n\n"
        + Self.line(200, "\"rho_histogram\":{\"0.9\":2,\"x\":4,\"1.1\":-1,\"2\":1e300}"))
    var metrics = metrics
    expectUpdate(of: &metrics, true)
    #expect(metrics.steps == [100, 200])
    #expect(metrics.histograms == ["rho_histogram": [0.9: 5, .infinity: 1]])
  }

  @Test func `a file that a resumed run shortened is read again`() throws {
    try append((1...50).map { Self.line($0 * 100, "\"loss\":1") }.joined())
    var metrics = metrics
    expectUpdate(of: &metrics, true)
    #expect(metrics.steps.count == 50)
    try Data(Self.line(100, "\"loss\":3").utf8).write(to: file)
    expectUpdate(of: &metrics, true)
    #expect(metrics.points("loss", over: .steps) == [Point(x: 100, y: 3)])
    // The same file, longer than before: its steps begin anew.
    let grown = (1...3).map { Self.line($0 * 10, "\"loss\":4") }.joined()
    try Data((Self.line(100, "\"loss\":3") + grown).utf8).write(to: file)
    expectUpdate(of: &metrics, true)
    #expect(metrics.steps == [100, 10, 20, 30])
  }

  @Test func `a link to the file is followed`() throws {
    try append(Self.line(100, "\"loss\":1"))
    let moved = directory.url.appendingPathComponent("moved")
    try FileManager.default.moveItem(at: file, to: moved)
    try FileManager.default.createSymbolicLink(at: file, withDestinationURL: moved)
    var metrics = metrics
    expectUpdate(of: &metrics, true)
    #expect(metrics.steps == [100])
  }

  @Test func `a pipe in place of the file is not opened`() throws {
    #expect(mkfifo(file.path, 0o600) == 0)
    var metrics = metrics
    expectUpdate(of: &metrics, false)
  }
}
