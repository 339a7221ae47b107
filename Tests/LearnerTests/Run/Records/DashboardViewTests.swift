import Testing

@testable import Learner

struct DashboardViewTests {
  private func learnerLine(busy: Double?, evaluating: Double?) throws -> String {
    var view = DashboardView(title: "title", usesColor: false)
    view.update(TrainingProgress(steps: 1, busyShare: busy, evaluationShare: evaluating), [])
    let lines = view.lines(columns: 80, lines: 24, messages: [])
    return try #require(lines.first { $0.hasPrefix("learner") })
  }

  @Test func `time that training waits for evaluations is not the learner's`() throws {
    #expect(
      try learnerLine(busy: 0.54, evaluating: 0)
        == "learner         54 %  busy; the rest of its time it waits for workers")
    #expect(
      try learnerLine(busy: 0.4, evaluating: 0.35)
        == "learner         40 %  busy, 35 % evaluating; else it waits for workers")
    #expect(try learnerLine(busy: nil, evaluating: nil).contains("-  busy;"))
  }
}
