import Foundation
import Rollout
import Testing

@testable import Learner

/// How long the episodes are that a training run is evaluated by.
@Suite struct EvaluationLimitTests {
  /// The mean return of CartPole, which is the mean length, after a single update; no episode is shorter than 8 steps.
  private func evaluate(_ adjust: (inout TrainingConfiguration) -> Void) throws -> Double {
    var result = Double.nan
    try withTemporaryDirectory { directory in
      var configuration = TrainingConfiguration()
      configuration.collector = .same
      configuration.totalSteps = 400
      configuration.evaluationEpisodes = 10
      configuration.seed = 1
      configuration.runDirectory = directory.appendingPathComponent("run").path
      adjust(&configuration)
      result = try #require(TrainingRun(configuration, isQuiet: true).train().evaluationReturn)
    }
    return result
  }

  @Test func `a limit of its own cuts an evaluation off`() throws {
    let mean = try evaluate {
      $0.environment.limit = .unlimited
      $0.evaluationEpisodeSteps = .steps(5)
    }
    #expect(mean == 5)
  }

  @Test func `without one an evaluation has the limit of training`() throws {
    #expect(try evaluate { $0.environment.limit = .steps(6) } == 6)
  }
}
