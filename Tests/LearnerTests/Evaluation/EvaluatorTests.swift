import Actor
import Learner
import Rollout
import Testing

/// Tests of whole episodes played with given weights.
struct EvaluatorTests {
  private static let policy = NetworkPolicy(hidden: [8])

  private func evaluator(
    seed: UInt64 = 1, choice: ActionChoice = .sample, limit: EpisodeLimit = .registered
  ) throws -> Evaluator {
    try Evaluator(
      environment: EnvironmentConfiguration("CartPole-v1", limit: limit), policy: Self.policy,
      choice: choice, seed: seed)
  }

  private func weights(_ parameters: ParameterLayout) -> FlatVector<Float> {
    let weights = FlatVector<Float>(repeating: 0, count: parameters.elementCount)
    var random = PCG64(seed: 21)
    parameters.initialize(weights, using: &random)
    return weights
  }

  @Test func `equal seeds give equal results, others give others`() throws {
    let first = try evaluator()
    let weights = weights(first.parameters)
    let result = try first.evaluate(weights, episodes: 0..<30)
    #expect(try first.evaluate(weights, episodes: 0..<30) == result)
    #expect(try evaluator().evaluate(weights, episodes: 0..<30) == result)
    #expect(try evaluator(seed: 2).evaluate(weights, episodes: 0..<30) != result)
  }

  @Test(arguments: [ActionChoice.sample, .greedy])
  func `an episode is the same however many are played beside it`(choice: ActionChoice) throws {
    let evaluator = try evaluator(choice: choice)
    let weights = weights(evaluator.parameters)
    // More episodes than environments, so they are played in two rounds.
    let all = try evaluator.evaluate(weights, episodes: 0..<150)
    #expect(all.returns.count == 150)
    for episodes in [0..<1, 5..<8, 120..<150, 149..<150] {
      let some = try evaluator.evaluate(weights, episodes: episodes)
      #expect(some.returns == Array(all.returns[episodes]))
      #expect(some.lengths == Array(all.lengths[episodes]))
    }
  }

  @Test func `each step of CartPole is worth one, up to the limit`() throws {
    let evaluator = try evaluator(limit: .steps(40))
    let result = try evaluator.evaluate(weights(evaluator.parameters), episodes: 0..<60)
    #expect(result.returns == result.lengths.map { Double($0) })
    #expect(result.lengths.allSatisfy { (5...40).contains($0) })
    #expect(Set(result.lengths).count > 5)
    // An episode whose pole falls in the last step before the limit is terminated, not truncated.
    let atLimit = result.lengths.count { $0 == 40 }
    let longer = try self.evaluator(limit: .steps(41)).evaluate(
      weights(evaluator.parameters), episodes: 0..<60)
    #expect(result.truncatedCount == longer.lengths.count { $0 == 41 })
    #expect((1...atLimit).contains(result.truncatedCount))
  }

  @Test func `the likeliest action plays other episodes than a drawn one`() throws {
    let (sample, greedy) = (try evaluator(), try evaluator(choice: .greedy))
    let weights = weights(sample.parameters)
    let drawn = try sample.evaluate(weights, episodes: 0..<30)
    #expect(try greedy.evaluate(weights, episodes: 0..<30) != drawn)
  }

  @Test func `what a result says of its returns`() {
    let odd = EvaluationResult(returns: [3, 1, 8], lengths: [2, 4, 9])
    #expect(odd.meanReturn == 4 && odd.medianReturn == 3 && odd.meanLength == 5)
    #expect(odd.minimumReturn == 1 && odd.maximumReturn == 8)
    // (1 + 9 + 16) / 3
    #expect(odd.standardDeviation == (26.0 / 3).squareRoot())
    #expect(EvaluationResult(returns: [4, 1, 9, 2], lengths: [1, 1, 1, 1]).medianReturn == 3)
  }

  // MARK: From a checkpoint

  private func checkpoint(
    _ weights: FlatVector<Float>, _ parameters: ParameterLayout, limit: String
  ) -> Checkpoint {
    Checkpoint(
      metadata: [
        Checkpoint.Key.environment: "CartPole-v1", Checkpoint.Key.maxEpisodeSteps: limit,
        Checkpoint.Key.policy: PolicyRegistry.encode(Self.policy),
      ],
      parameters: parameters.entries.map {
        .init(name: $0.name, shape: $0.shape, values: Array(weights.elements[$0.range]))
      })
  }

  @Test func `a trained policy plays as its weights did`() throws {
    for (text, limit) in [("default", EpisodeLimit.registered), ("25", .steps(25))] {
      let evaluator = try evaluator(seed: 9, limit: limit)
      let weights = weights(evaluator.parameters)
      let file = checkpoint(weights, evaluator.parameters, limit: text)
      var trained = try TrainedPolicy(Checkpoint(decoding: file.encoded()))
      // The checkpoint does not say how bounds are used, as those of earlier releases.
      #expect(
        trained.environment
          == EnvironmentConfiguration("CartPole-v1", limit: limit, actionBounds: .clip))
      #expect(trained.policy as? NetworkPolicy == Self.policy)
      let result = try trained.evaluate(episodes: 12, choice: .sample, seed: 9)
      #expect(result == (try evaluator.evaluate(weights, episodes: 0..<12)))
      trained.environment.limit = .steps(6)
      let short = try trained.evaluate(episodes: 12, choice: .sample, seed: 9)
      #expect(short.lengths.allSatisfy { $0 <= 6 })
    }
  }

  @Test func `a checkpoint without a limit, or with a senseless one, is malformed`() throws {
    let evaluator = try evaluator()
    let weights = weights(evaluator.parameters)
    for limit in ["0", "-3", "soon", ""] {
      let file = checkpoint(weights, evaluator.parameters, limit: limit)
      let error = #expect(throws: CheckpointError.self) { try TrainedPolicy(file) }
      #expect(error.map { "\($0)".contains("'\(limit)'") } == true)
    }
    var bare = checkpoint(weights, evaluator.parameters, limit: "default")
    bare.metadata[Checkpoint.Key.policy] = nil
    #expect(throws: CheckpointError.self) { try TrainedPolicy(bare) }
    bare.metadata[Checkpoint.Key.policy] = "transformer {}"
    #expect(throws: PolicyError.self) { try TrainedPolicy(bare) }
  }
}
