import Foundation
import Learner
import Rollout
import TestSupport
import Testing

/// Tests of the episode limit in evaluations of a training run.
@Suite struct EvaluationLimitTests {
  /// Returns the mean return of CartPole after one update, which equals the mean length.
  ///
  /// No episode is shorter than 8 steps.
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
