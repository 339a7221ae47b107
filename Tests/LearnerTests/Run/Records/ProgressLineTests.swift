import Learner
import Testing

@Suite struct ProgressLineTests {
  /// The output of a progress line.
  private final class Screen {
    var text = ""
  }

  private func line(_ style: ProgressLine.Style, on screen: Screen) -> ProgressLine {
    ProgressLine(style: style, width: { 81 }, write: { screen.text += $0 })
  }

  private func progress(_ seconds: Double) -> TrainingProgress {
    TrainingProgress(steps: Int(seconds * 100), secondsElapsed: seconds)
  }

  @Test func `a live line is drawn over at most ten times a second`() {
    let screen = Screen()
    let line = line(.live, on: screen)
    for tick in 0..<100 { line.update(progress(Double(tick) / 64)) }
    let drawn = screen.text.split(separator: "\r")
    #expect(drawn.count == 15)
    #expect(drawn.allSatisfy { $0.hasPrefix("\u{1B}[K") && !$0.contains("\n") })
  }

  @Test func `a live line leaves the last column free`() {
    let screen = Screen()
    let line = ProgressLine(style: .live, width: { 8 }, write: { screen.text += $0 })
    line.update(progress(100_000))
    #expect(screen.text == "\r\u{1B}[K10.00M ")
  }

  @Test func `a message clears the live line, which then comes back at once`() {
    let screen = Screen()
    let line = line(.live, on: screen)
    line.update(progress(1))
    screen.text = ""
    line.note("worker 3 was replaced")
    line.update(progress(1.01))
    #expect(
      screen.text == "\r\u{1B}[Kworker 3 was replaced\n\r\u{1B}[K101 steps  0 SPS")
  }

  @Test func `the end leaves the last state standing on a line of its own`() {
    let screen = Screen()
    let line = line(.live, on: screen)
    line.update(progress(1))
    screen.text = ""
    line.finish(progress(1.05))
    line.note("done")
    #expect(screen.text == "\r\u{1B}[K105 steps  0 SPS\ndone\n")
  }

  @Test func `plain lines come once per interval, without control characters`() {
    let screen = Screen()
    let line = line(.plain(intervalSeconds: 1), on: screen)
    for tick in 0...35 { line.update(progress(Double(tick) / 10)) }
    line.finish(progress(3.6))
    let lines = screen.text.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines.allSatisfy { $0.hasPrefix("steps ") })
    #expect(!screen.text.contains("\r") && !screen.text.contains("\u{1B}"))
  }

  @Test func `a quiet run has messages only`() {
    let screen = Screen()
    let line = line(.quiet, on: screen)
    #expect(!line.isDue(secondsElapsed: 100))
    line.update(progress(5))
    line.note("worker 3 was replaced")
    line.finish(progress(6))
    #expect(screen.text == "worker 3 was replaced\n")
  }
}
