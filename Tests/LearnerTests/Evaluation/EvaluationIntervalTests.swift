import Rollout
import Testing

@testable import Learner

/// Tests of the intervals between evaluations.
struct EvaluationIntervalTests {
  @Test func `each unit counts its own position`() {
    func positions(_ interval: EvaluationInterval) -> Int {
      interval.position(steps: 3000, updates: 20, seconds: 1.2345)
    }
    #expect(positions(.steps(5)) == 3000)
    #expect(positions(.updates(5)) == 20)
    #expect(positions(.seconds(5)) == 1234)
  }

  @Test func `the next evaluation is the first multiple beyond a position`() {
    #expect(EvaluationInterval.steps(100).next(after: 0) == 100)
    #expect(EvaluationInterval.steps(100).next(after: 99) == 100)
    #expect(EvaluationInterval.steps(100).next(after: 100) == 200)
    #expect(EvaluationInterval.updates(7).next(after: 20) == 21)
    #expect(EvaluationInterval.seconds(0.5).next(after: 1234) == 1500)
    #expect(EvaluationInterval.steps(0).next(after: 100) == .max)
  }

  @Test(arguments: ["25000", "0", "30s", "0.5s", "100u"])
  func `a text is read and written alike`(text: String) throws {
    let interval = try #require(SettingFormat.evaluationInterval.parse(text))
    #expect(SettingFormat.evaluationInterval.value(interval).text == text)
  }

  @Test(arguments: ["", "s", "u", "30 s", "1.5", "1.5u", "nans", "10m", "-"])
  func `other texts are refused`(text: String) {
    #expect(SettingFormat.evaluationInterval.parse(text) == nil)
  }

  @Test func `intervals out of range, and workers that cannot be, are refused`() throws {
    var configuration = TrainingConfiguration()
    for interval: EvaluationInterval in [.seconds(0), .seconds(2e9), .updates(0), .steps(-1)] {
      configuration.evaluateEvery = interval
      #expect(throws: ConfigurationError.self) { try configuration.validate() }
    }
    configuration.evaluateEvery = .seconds(2)
    try configuration.validate()
    configuration.evaluationWorkers = 2
    try configuration.validate()
    configuration.deterministic = true
    #expect(throws: ConfigurationError.self) { try configuration.validate() }
    configuration.deterministic = false
    configuration.collector = .same
    #expect(throws: ConfigurationError.self) { try configuration.validate() }
    configuration.evaluationWorkers = 0
    try configuration.validate()
  }
}
