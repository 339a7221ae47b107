import Actor
import Rollout
import TestSupport
import Testing

@testable import Learner

/// Updates that several ranks make together, each from fragments of its own.
@Suite(.timeLimit(.minutes(10)))
struct RankUpdateTests {
  /// A rank's learner, its weights and its fragment of a batch that all ranks know.
  private struct Scene {
    static let environmentCount = 4

    let setup: RolloutSetup
    let exchange: UpdateExchange
    let part: FragmentStorage
    private let batch: FragmentBatch

    /// - Parameter isWhole: true for a single rank with the fragments of all `rankCount` ranks.
    init(
      _ ranks: any Ranks, rankCount: Int, isWhole: Bool = false, sticky: Bool = false
    ) throws {
      setup = try RolloutSetup(
        environment: EnvironmentConfiguration("CartPole-v1", limit: .steps(9)),
        policy: NetworkPolicy(hidden: [16], value: .separate),
        environmentCount: Self.environmentCount, stepCount: 12, sticky: sticky, seed: 5)
      exchange = UpdateExchange(ranks)
      batch = try SameProcess(setup, fragmentsPerBatch: rankCount).next()
      let count = isWhole ? rankCount * Self.environmentCount : Self.environmentCount
      let order = FlatVector<Int32>(repeating: 0, count: count)
      for index in 0..<count { order[index] = Int32(ranks.rank * Self.environmentCount + index) }
      part = FragmentStorage(batch.layout.resized(environmentCount: count))
      part.view.gather(order.span(0..<count), of: batch.view)
    }

    func update(_ objective: some Objective, _ layout: FragmentLayout) throws -> PolicyUpdate {
      let update = try PolicyUpdate(
        setup.policy, objective, layout: layout, weights: setup.weights,
        // Its steps are proportional to the gradient, so they keep its relative error.
        optimizer: SGD<Float>(count: setup.weights.count, learningRate: 0.02),
        maximumGradientNorm: 0.5)
      if exchange.ranks.count > 1 { update.join(exchange) }
      return update
    }

    func passes(epochs: Int, targetDivergence: Double = .infinity) throws -> MinibatchLearner {
      try MinibatchLearner(
        epochs: epochs, minibatchCount: 1, targetDivergence: targetDivergence,
        batchLayout: part.view.layout, random: PCG64(seed: 3)
      ) { layout in
        // Advantages are normalized over the batch of a rank, which differs.
        try update(ProximalPolicy(ActorCriticSettings(lambda: 0.95)), layout)
      }
    }
  }

  /// The objectives whose loss is a mean over steps.
  enum Method: CaseIterable {
    case reinforce, actorCritic, vTrace
  }

  private static func weights(
    after method: Method, _ ranks: any Ranks, _ rankCount: Int, isWhole: Bool, sticky: Bool
  ) throws -> (weights: [Float], metrics: [Double], steps: Int) {
    let scene = try Scene(ranks, rankCount: rankCount, isWhole: isWhole, sticky: sticky)
    let layout = scene.part.view.layout
    let update =
      switch method {
      case .reinforce: try scene.update(Reinforce(baseline: .value), layout)
      case .actorCritic: try scene.update(AdvantageActorCritic(), layout)
      case .vTrace: try scene.update(VTraceActorCritic(), layout)
      }
    for _ in 0..<5 { update.learn(from: scene.part.view) }
    // The explained variance is no mean over steps; each rank has that of its batch.
    let metrics = update.takeMetrics().filter { $0.name != "explained_variance" }.map(\.value)
    return (scene.setup.weights.elements, metrics, update.stepCount)
  }

  @Test(arguments: Method.allCases, [(2, false), (3, false), (3, true)])
  func `n ranks learn as one rank with n times the fragments`(
    method: Method, scene: (rankCount: Int, sticky: Bool)
  ) throws {
    let (count, sticky) = scene
    let results = try InProcessRanks.run(count) { ranks in
      try Self.weights(after: method, ranks, count, isWhole: false, sticky: sticky)
    }
    let whole = try Self.weights(after: method, Alone(), count, isWhole: true, sticky: sticky)
    for result in results {
      #expect(result.weights == results[0].weights)
      #expect(result.steps == whole.steps)
      // A gradient of norm 0.5 at most has a relative error of some 10⁻⁶, and moves a weight by
      // 0.01 at most; five steps round weights below 1 to 6·10⁻⁸ each.
      let difference = firstDifference(
        result.weights.map { Double($0) }, whole.weights.map { Double($0) }, absolute: 1e-6)
      #expect(difference == nil, "\(difference ?? "")")
      // Means over all played steps, and the largest ratio of all ranks.
      let unlike = firstDifference(
        result.metrics, whole.metrics, absolute: 1e-5, relative: 1e-4)
      #expect(unlike == nil, "\(unlike ?? "")")
    }
  }

  @Test(arguments: [2, 3])
  func `passes of n ranks are those of one, and all stop early or none`(count: Int) throws {
    @Sendable func run(
      _ ranks: any Ranks, isWhole: Bool, targetDivergence: Double
    ) throws -> (weights: [Float], updates: Int, steps: Int) {
      let scene = try Scene(ranks, rankCount: count, isWhole: isWhole)
      let learner = try scene.passes(epochs: 12, targetDivergence: targetDivergence)
      learner.learn(from: scene.part.view)
      return (scene.setup.weights.elements, learner.updateCount, learner.stepCount)
    }
    for target in [Double.infinity, 1e-5] {
      let whole = try run(Alone(), isWhole: true, targetDivergence: target)
      let results = try InProcessRanks.run(count) { ranks in
        try run(ranks, isWhole: false, targetDivergence: target)
      }
      #expect(target == .infinity ? whole.updates == 12 : (1..<12).contains(whole.updates))
      for result in results {
        #expect(result.weights == results[0].weights)
        #expect(result.updates == whole.updates && result.steps == whole.steps)
        let difference = firstDifference(
          result.weights.map { Double($0) }, whole.weights.map { Double($0) }, absolute: 3e-6)
        #expect(difference == nil, "\(difference ?? "")")
      }
    }
  }

  @Test func `a number that is not finite at one rank skips the update at all`() throws {
    let results = try InProcessRanks.run(3) { ranks in
      let scene = try Scene(ranks, rankCount: 3)
      let update = try scene.update(Reinforce(baseline: .value), scene.part.view.layout)
      let before = scene.setup.weights.elements
      let reward = scene.part.view.rew[3, 1]
      if ranks.rank == 1 { scene.part.view.rew[3, 1] = .nan }
      let skipped = update.learn(from: scene.part.view)
      let isUnchanged = scene.setup.weights.elements == before
      let culprit = scene.exchange.takeNotFiniteRank()
      scene.part.view.rew[3, 1] = reward
      let learned = update.learn(from: scene.part.view)
      return (
        skipped, isUnchanged, culprit, learned, update.skippedCount,
        scene.exchange.takeNotFiniteRank(), scene.setup.weights.elements
      )
    }
    for result in results {
      #expect(result.0 == .skipped && result.1 && result.2 == 1)
      #expect(result.3 == .learned && result.4 == 1 && result.5 == nil)
      #expect(result.6 == results[0].6)
    }
  }

  @Test func `a rank without a batch ends the batch of all before it changes anything`() throws {
    let results = try InProcessRanks.run(2) { ranks in
      let scene = try Scene(ranks, rankCount: 2)
      let learner = try scene.passes(epochs: 3)
      let before = try learner.saved().map(\.bytes)
      if ranks.rank == 1 {
        scene.exchange.requestedSignal = { 15 }
        scene.exchange.leave()
      } else {
        learner.learn(from: scene.part.view)
        // Nobody waits for this one.
        learner.learn(from: scene.part.view)
      }
      return (
        scene.exchange.isOver, learner.updateCount, learner.stepCount,
        try learner.saved().map(\.bytes) == before, scene.exchange.words[1].signal
      )
    }
    for result in results {
      #expect(result.0 && result.1 == 0 && result.2 == 0 && result.3)
      #expect(result.4 == 15)
    }
  }

  @Test(arguments: [Algorithm.dqn, .sac])
  func `a batch that another rank does not have leaves no trace in replay`(
    algorithm: Algorithm
  ) throws {
    let results = try InProcessRanks.run(2) { ranks in
      var configuration = TrainingConfiguration(algorithm)
      configuration.hiddenSizes = [8]
      (configuration.environmentsPerActor, configuration.fragmentSteps) = (4, 2)
      (configuration.replaySteps, configuration.replayBatch) = (24, 12)
      configuration.learningStarts = 0
      let setup = try configuration.makeSetup(seed: 5)
      let exchange = UpdateExchange(ranks)
      let learner = try configuration.makeLearner(
        setup, batchLayout: setup.layout, valueParameters: [], exchange: exchange)
      let rollout = try SameProcess(setup)
      // The buffer is full after three batches.
      for _ in 0..<4 {
        rollout.publish(setup.weights)
        learner.learn(from: try rollout.next())
      }
      let before = try learner.saved().map(\.bytes)
      if ranks.rank == 1 {
        exchange.leave()
      } else {
        rollout.publish(setup.weights)
        learner.learn(from: try rollout.next())
      }
      return (exchange.isOver, try learner.saved().map(\.bytes) == before)
    }
    for result in results { #expect(result.0 && result.1) }
  }

  @Test func `a batch that is forgotten is collected again`() throws {
    let setup = try RolloutSetup(
      environment: "CartPole-v1", policy: NetworkPolicy(hidden: [8]), environmentCount: 2,
      stepCount: 5, seed: 5)
    let rollout = try SameProcess(setup, fragmentsPerBatch: 2, lag: 1)
    for turn in 0..<3 {
      setup.weights[0] = Float(turn)
      rollout.publish(setup.weights)
      _ = try rollout.next()
    }
    let before = try #require(rollout.state)
    setup.weights[0] = 3
    rollout.publish(setup.weights)
    _ = try rollout.next()
    // It holds the snapshot of the environments and of their random streams.
    var after = try #require(rollout.state)
    #expect(after != before)
    rollout.forgetBatch()
    #expect(rollout.state == before)
    let again = try SameProcess(setup, fragmentsPerBatch: 2, lag: 1, resuming: before)
    _ = try again.next()
    // Episodes of the former collector were told.
    after.workers[0].episodesTaken = try #require(again.state).workers[0].episodesTaken
    #expect(again.state == after)
  }

  @Test func `statistics of n ranks are those of one rank with all samples`() throws {
    /// Rank 1 has no samples in the first turn.
    @Sendable func samples(_ rank: Int, _ turn: Int, _ quantity: Int) -> [Double] {
      let count = turn == 0 && rank == 1 ? 0 : 3
      return (0..<count).map { 100 + Double((7 * $0 + 3 * rank + turn + quantity) % 11) }
    }
    @Sendable func statistics(_ ranks: any Ranks, isWhole: Bool) -> [Double] {
      let moments = RunningMoments(count: 2)
      let exchange = ranks.count > 1 ? UpdateExchange(ranks) : nil
      for turn in 0..<4 {
        let own = (0..<2).map { quantity in
          isWhole
            ? samples(0, turn, quantity) + samples(1, turn, quantity)
            : samples(ranks.rank, turn, quantity)
        }
        moments.merge(count: own[0].count, over: exchange) { index in
          let count = Double(own[index].count)
          let mean = own[index].reduce(0, +) / count
          let squares = own[index].map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
          return (mean, squares / count)
        }
      }
      let numbers = (0..<2).map { [moments.mean($0), moments.variance($0)] }
      return [moments.sampleCount] + numbers[0] + numbers[1]
    }
    let whole = statistics(Alone(), isWhole: true)
    let results = try InProcessRanks.run(2) { statistics($0, isWhole: false) }
    for result in results {
      #expect(result == results[0])
      #expect(firstDifference(result, whole, relative: 1e-9) == nil)
    }
  }

  @Test func `ranks replay samples of their own, and one without samples takes part`() throws {
    let policy = QNetworkPolicy(NetworkPolicy(inputs: [.obs], hidden: [8]))
    let results = try InProcessRanks.run(2) { ranks in
      let setup = try RolloutSetup(
        environment: "CartPole-v1", policy: policy, environmentCount: 4, stepCount: 3, seed: 5)
      let exchange = UpdateExchange(ranks)
      var settings = ReplayLearner.Settings()
      (settings.replaySteps, settings.firstUpdate, settings.sampleEnvironments) = (120, 48, 8)
      settings.updatesPerBatch = 2
      let learner = try ReplayLearner(
        settings, batchLayout: setup.layout, parameters: setup.parameters, weights: setup.weights,
        random: RandomStreams.learning(seed: 5, rank: ranks.rank)
      ) { layout in
        let update = try PolicyUpdate(
          setup.policy, QLearning(policy), layout: layout, weights: setup.weights,
          optimizer: Adam<Float>(
            count: setup.weights.count, learningRate: 0.01, groups: setup.parameters.groups()))
        update.join(exchange)
        return update
      }
      let rollout = try SameProcess(setup)
      var outcomes: [UpdateOutcome] = []
      for turn in 0..<4 {
        rollout.publish(setup.weights)
        let batch = try rollout.next()
        // Rank 1 keeps its first three batches out of its buffer.
        if ranks.rank == 1, turn < 3 { batch.view.rew[1, 0] = .nan }
        outcomes.append(learner.learn(from: batch))
      }
      return (
        outcomes, learner.stepCount, learner.updateCount, learner.skippedCount,
        setup.weights.elements
      )
    }
    for result in results {
      #expect(result.0 == [.skipped, .learnedInPart, .learnedInPart, .learned])
      #expect(result.1 == 96 && result.2 == 6 && result.3 == 3)
      #expect(result.4 == results[0].4)
    }
  }
}
