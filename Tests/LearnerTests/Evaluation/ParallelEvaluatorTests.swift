import Actor
import Rollout
import Testing

@testable import Learner

/// Tests of evaluations in processes of their own.
@Suite(.timeLimit(.minutes(10)))
struct ParallelEvaluatorTests {
  private static let environment: EnvironmentConfiguration = "CartPole-v1"
  private static let policy = NetworkPolicy(hidden: [8])

  private func weights(_ parameters: ParameterLayout, seed: UInt64) -> FlatVector<Float> {
    let weights = FlatVector<Float>(repeating: 0, count: parameters.elementCount)
    var random = PCG64(seed: seed)
    parameters.initialize(weights, using: &random)
    return weights
  }

  @Test(arguments: [1, 2, 5])
  func `each round has the result of an evaluation in this process`(processCount: Int) throws {
    let here = try Evaluator(
      environment: Self.environment, policy: Self.policy, choice: .sample, seed: 3)
    // Fewer episodes than five processes could have two of each.
    let there = try ParallelEvaluator(
      environment: Self.environment, policy: Self.policy, episodeCount: 7, choice: .sample,
      processCount: processCount, seed: 3, processes: Collection.processes())
    defer { there.close() }
    var expected: Evaluation?
    for round in 1...3 {
      let weights = weights(here.parameters, seed: UInt64(round))
      #expect(try there.next(weights, policyVersion: round, steps: 100 * round) == expected)
      expected = Evaluation(
        result: try here.evaluate(weights, episodes: 0..<7), policyVersion: round,
        steps: 100 * round)
      // The weights of a round are copied.
      weights.assign(Array(repeating: 0, count: weights.count))
    }
    #expect(try there.finish() == expected)
    #expect(try there.finish() == nil)
  }

  @Test func `information of episodes is the same in processes`() throws {
    let here = try Evaluator(
      environment: "Cube2x2-v0", policy: Self.policy, choice: .sample, seed: 3)
    let there = try ParallelEvaluator(
      environment: "Cube2x2-v0", policy: Self.policy, episodeCount: 9, choice: .sample,
      processCount: 2, seed: 3, processes: Collection.processes())
    defer { there.close() }
    let weights = weights(here.parameters, seed: 1)
    _ = try there.next(weights)
    let result = try #require(try there.finish()).result
    #expect(try here.evaluate(weights, episodes: 0..<9) == result)
    let solved = try #require(result.information["info/is_success"])
    #expect(solved == result.returns.indices.map { result.lengths[$0] < 28 ? 1 : 0 })
    #expect(solved.contains(1) && solved.contains(0))
    #expect(result.meanInformation.map(\.name) == ["info/is_success", "info_sum/is_success"])
    #expect(result.json.contains("\"info/is_success\":"))
  }

  @Test func `more processes than episodes are not started`() throws {
    let evaluator = try ParallelEvaluator(
      environment: Self.environment, policy: Self.policy, episodeCount: 1, processCount: 4,
      seed: 3, processes: Collection.processes())
    defer { evaluator.close() }
    let parameters = try Evaluator(
      environment: Self.environment, policy: Self.policy, seed: 3
    ).parameters
    #expect(try evaluator.next(weights(parameters, seed: 1)) == nil)
    #expect(try evaluator.finish()?.result.returns.count == 1)
  }
}
