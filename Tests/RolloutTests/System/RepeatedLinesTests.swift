import Testing

@testable import Rollout

struct RepeatedLinesTests {
  @Test func `a warning is shown once, and other lines each time`() {
    let lines = RepeatedLines()
    #expect(lines.shown("UserWarning: odd", repeats: false) == "UserWarning: odd")
    #expect(lines.shown("step", repeats: false) == "step")
    #expect(lines.shown("library 3", repeats: true) == "library 3")
    #expect(lines.shown("  warnings.warn(", repeats: false) == "  warnings.warn(")
    for _ in 0..<3 {
      #expect(lines.shown("UserWarning: odd", repeats: false) == nil)
      #expect(lines.shown("  warnings.warn(", repeats: false) == nil)
      #expect(lines.shown("step", repeats: false) == "step")
    }
    #expect(lines.takeSummary() == ["4 times: UserWarning: odd"])
    #expect(lines.takeSummary() == [])
  }

  @Test func `a worker marks lines, and the learner's log counts them`() {
    let worker = RepeatedLines()
    worker.forwardAll()
    for _ in 0..<2 {
      #expect(worker.shown("library 3", repeats: true) == "\u{1}library 3")
      #expect(worker.shown("step", repeats: false) == "step")
    }
    var noted: [String] = []
    worker.note("odd") { noted.append($0) }
    #expect(noted == [])
    var (log, shown) = (ProcessLog(), [String]())
    for _ in 0..<2 { log.take(Array("\u{1}a line of this test\nstep\n".utf8)) { shown.append($0) } }
    #expect(shown == ["a line of this test", "step", "step"])
    #expect(log.lastWords == ["step", "a line of this test", "step"])
  }

  @Test func `a note is said once and not counted`() {
    let lines = RepeatedLines()
    var noted: [String] = []
    for _ in 0..<3 { lines.note("odd") { noted.append($0) } }
    #expect(noted == ["odd"] && lines.takeSummary() == [])
  }
}
