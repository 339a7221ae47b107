import Foundation
import Rollout
import TestSupport
import Testing

@testable import RolloutCommand

/// Tests of figures beside those of an earlier run.
struct SavedFiguresTests {
  private func saved(_ text: String) throws -> SavedFigures {
    guard case .object(let object) = try JSONReader.value(of: Data(text.utf8)) else {
      throw ConfigurationError("not an object")
    }
    return SavedFigures(object)
  }

  /// Returns true if samples count as slower than a saved median with its quartiles.
  private func isSlower(
    _ samples: [Double], _ unit: BenchmarkUnit, than median: Double, _ low: Double, _ high: Double
  ) throws -> Bool? {
    let file = try saved(
      "{\"x\": \(median), \"quartiles\": {\"x\": [\(low), \(high)]}}")
    return file.compare(MeasuredFigure(name: "x", unit: unit, samples: samples))?.isSlower
  }

  @Test func `a time is slower if it is larger and the ranges do not meet`() throws {
    #expect(try isSlower([120, 121, 122], .microseconds, than: 100, 98, 105) == true)
    #expect(try isSlower([80, 81, 82], .microseconds, than: 100, 98, 105) == false)
    // The quartiles of the first are 104 and 121.
    #expect(try isSlower([98, 104, 120, 121, 122], .milliseconds, than: 100, 98, 105) == false)
    // Two per cent are within the tolerance.
    #expect(try isSlower([102, 102, 102], .nanoseconds, than: 100, 100, 100) == false)
  }

  @Test func `a throughput is slower if it is smaller and the ranges do not meet`() throws {
    #expect(try isSlower([80, 81, 82], .stepsPerSecond, than: 100, 98, 105) == true)
    #expect(try isSlower([120, 121, 122], .stepsPerSecond, than: 100, 98, 105) == false)
    #expect(try isSlower([80, 90, 99], .gigaflops, than: 100, 93, 105) == false)
  }

  @Test func `a figure without quartiles is compared by its value, an unknown one not at all`()
    throws
  {
    let file = try saved("{\"x\": 100}")
    func comparison(_ name: String, _ value: Double) -> FigureComparison? {
      file.compare(MeasuredFigure(name: name, unit: .microseconds, samples: [value]))
    }
    #expect(comparison("x", 104)?.isSlower == true)
    #expect(comparison("x", 102)?.isSlower == false)
    #expect(comparison("y", 104) == nil)
    #expect(
      comparison("x", 150)?.text == "x is slower: 150.0 µs, before 100.0 µs, 1.50 ×")
  }

  @Test func `a file that is none or not JSON is refused`() throws {
    let directory = try ScratchDirectory()
    let error = #expect(throws: ConfigurationError.self) {
      try SavedFigures(contentsOfFile: directory.path("none.json"))
    }
    #expect(error?.message.contains("cannot be read: name a file") == true)
    try Data("{\"x\": ".utf8).write(to: URL(filePath: directory.path("half.json")))
    let half = #expect(throws: ConfigurationError.self) {
      try SavedFigures(contentsOfFile: directory.path("half.json"))
    }
    #expect(half?.message.contains("is not JSON: line 1") == true)
    #expect(half?.option == "compare")
  }
}
