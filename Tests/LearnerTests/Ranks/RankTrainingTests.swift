import Actor
import Foundation
import Rollout
import Synchronization
import TestSupport
import Testing

@testable import Learner

/// Whole runs of several ranks, as threads that step their environments themselves.
@Suite(.timeLimit(.minutes(10)))
struct RankTrainingTests {
  private static func configuration(
    _ directory: String, _ algorithm: Algorithm = .reinforce, _ core: RecurrentCore = .none
  ) -> TrainingConfiguration {
    var configuration = TrainingConfiguration(algorithm)
    configuration.recurrent = core
    configuration.collector = .same
    configuration.deterministic = true
    configuration.seed = 3
    configuration.totalSteps = 1600
    configuration.fragmentsPerBatch = 1
    configuration.environmentsPerActor = 4
    configuration.fragmentSteps = 10
    configuration.hiddenSizes = [8]
    configuration.evaluateEvery = 800
    // Debug builds are slow.
    configuration.epochs = min(configuration.epochs, 2)
    configuration.minibatches = min(configuration.minibatches, 2)
    configuration.evaluationEpisodes = 7
    configuration.runDirectory = directory
    if algorithm.options.contains("replay-steps") {
      // A buffer that is full after ten batches, and updates soon.
      configuration.replaySteps = 400
      configuration.replayBatch = 20
      configuration.learningStarts = 100
      configuration.updatesPerStep = 0.1
      configuration.replayPriority = algorithm == .td3 ? 0.6 : 0
    }
    return configuration
  }

  private struct Result: Sendable, Equatable {
    var weights: [Float]
    var steps: Int
    var evaluationReturn: Double?
    var isInterrupted: Bool
  }

  /// Trains a new run, or resumes one.
  ///
  /// - Parameters:
  ///   - exchangeCount: the number of looks for a signal at rank 1 after which there is one.
  private static func train(
    _ ranks: any Ranks, _ configuration: TrainingConfiguration?, resuming path: String? = nil,
    stopAfter exchangeCount: Int? = nil
  ) throws -> Result {
    let exchange = UpdateExchange(ranks)
    var count = 0
    exchange.requestedSignal = {
      count += 1
      return ranks.rank == 1 && count > exchangeCount ?? .max ? 15 : nil
    }
    var former: (RunState, RunDirectory)?
    if let path, ranks.rank == 0 {
      let directory = RunDirectory(existing: URL(fileURLWithPath: path))
      former = (try RunState.load(from: directory.state), directory)
    }
    let run = try TrainingRun(exchange, configuration, resuming: former, isQuiet: true)
    let summary = try run.train()
    #expect(exchange.endsTogether)
    return Result(
      weights: run.setup.weights.elements, steps: summary.steps,
      evaluationReturn: summary.evaluationReturn,
      isInterrupted: summary.ending == .interrupted(signal: 15))
  }

  @Test(arguments: ["reinforce", "ppo", "dqn", "a2c", "sac", "td3"], [2, 3])
  func `all ranks have the same weights, and their shares make the evaluation of one machine`(
    name: String, rankCount: Int
  ) throws {
    let scratch = try ScratchDirectory()
    let algorithm = try #require(Algorithm(rawValue: name))
    let path = scratch.path("run")
    @Sendable func configuration() -> TrainingConfiguration {
      var configuration = Self.configuration(path, algorithm)
      // Statistics are exchanged too.
      configuration.normalizesObservations = name == "ppo"
      configuration.normalizesRewards = name == "ppo"
      return configuration
    }
    let results = try InProcessRanks.run(rankCount) { ranks in
      try Self.train(ranks, configuration())
    }
    let steps = rankCount * 40
    for result in results {
      #expect(result == results[0])
      #expect(result.steps == (1600 + steps - 1) / steps * steps)
    }
    #expect(scratch.names == ["run"])
    let evaluator = try Evaluator(
      environment: configuration().environment, policy: configuration().policy, seed: 3)
    let alone = try evaluator.evaluate(FlatVector(results[0].weights), episodes: 0..<7)
    #expect(results[0].evaluationReturn == alone.meanReturn)
  }

  @Test(
    arguments: [
      ("reinforce", .none), ("ppo", .none), ("dqn", .none), ("sac", .none), ("td3", .none),
      ("ppo", .lstm), ("dqn", .gru), ("sac", .lstm), ("td3", .gru),
    ] as [(String, RecurrentCore)])
  func `a stopped run goes on exactly with as many ranks`(
    name: String, core: RecurrentCore
  ) throws {
    let scratch = try ScratchDirectory()
    let algorithm = try #require(Algorithm(rawValue: name))
    let (whole, cut) = (scratch.path("whole"), scratch.path("cut"))
    let expected = try InProcessRanks.run(2) { ranks in
      try Self.train(ranks, Self.configuration(whole, algorithm, core))
    }
    let stopped = try InProcessRanks.run(2) { ranks in
      try Self.train(ranks, Self.configuration(cut, algorithm, core), stopAfter: 12)
    }
    for result in stopped {
      #expect(result.isInterrupted && result.steps < 1600)
      #expect(result.weights == stopped[0].weights)
    }
    let resumed = try InProcessRanks.run(2) { ranks in
      try Self.train(ranks, nil, resuming: cut)
    }
    #expect(resumed == expected)
  }

  @Test(arguments: ["reinforce", "ppo", "dqn", "sac"])
  func `a run goes on with other numbers of ranks`(name: String) throws {
    let scratch = try ScratchDirectory()
    let algorithm = try #require(Algorithm(rawValue: name))
    let path = scratch.path("run")
    @Sendable func configuration() -> TrainingConfiguration {
      var configuration = Self.configuration(path, algorithm)
      configuration.totalSteps = 100_000
      configuration.learningStarts = 0
      return configuration
    }
    let stopped = try InProcessRanks.run(2) { ranks in
      try Self.train(ranks, configuration(), stopAfter: 12)
    }
    let three = try InProcessRanks.run(3) { ranks in
      try Self.train(ranks, nil, resuming: path, stopAfter: 12)
    }
    #expect(three.allSatisfy { $0.isInterrupted && $0.weights == three[0].weights })
    // Steps go on, in units of the present number of ranks.
    #expect(three[0].steps > stopped[0].steps)
    #expect((three[0].steps - stopped[0].steps).isMultiple(of: 120))
    let directory = RunDirectory(existing: URL(fileURLWithPath: path))
    var state = try RunState.load(from: directory.state)
    #expect(state.rankCount == 3 && state.steps == three[0].steps)
    state.configuration.totalSteps = state.steps + 80
    let alone = try TrainingRun(resuming: state, in: directory, isQuiet: true)
    #expect(alone.resumption?.contains("3 ranks saved it and 1 go on with it") == true)
    #expect(
      alone.resumption?.contains("the replay buffer starts empty")
        == algorithm.options.contains("replay-steps"))
    #expect(try alone.train().steps == three[0].steps + 80)
  }

  @Test func `an error at the start of one rank is thrown at all`() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path("run")
    let outcomes = InProcessRanks.outcomes(2) { ranks in
      var configuration = Self.configuration(path)
      if ranks.rank == 1 { configuration.fragmentSteps = 11 }
      return try Self.train(ranks, configuration)
    }
    #expect {
      try outcomes[0].get()
    } throws: {
      "\($0)".contains("rank 1: rank 1 learns from batches of 1 fragments of 11 steps")
    }
    #expect(throws: ConfigurationError.self) { try outcomes[1].get() }
    // The directory is taken.
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Data("{}".utf8).write(to: URL(fileURLWithPath: path + "/config.json"))
    let occupied = InProcessRanks.outcomes(2) { ranks in
      try Self.train(ranks, Self.configuration(path))
    }
    #expect(throws: RecordError.self) { try occupied[0].get() }
    #expect(throws: OtherRankFailed.self) { try occupied[1].get() }
  }

  /// A collector whose worker dies for good after some batches, as each look at it tells again.
  private final class Dying: RolloutCollector {
    struct Death: Error, CustomStringConvertible {
      var description: String { "worker 0 died" }
    }

    private let base: SameProcess
    private var batchesLeft: Int
    private var isDead = false

    init(_ base: SameProcess, after batchCount: Int) {
      self.base = base
      batchesLeft = batchCount
    }

    var batchLayout: FragmentLayout { base.batchLayout }
    var progress: CollectorProgress { base.progress }
    var state: CollectorState? { base.state }
    func publish(_ weights: FlatVector<Float>) { base.publish(weights) }
    func next() throws -> FragmentBatch {
      isDead = batchesLeft == 0
      try attend()
      batchesLeft -= 1
      return try base.next()
    }
    func attend() throws { if isDead { throw Death() } }
    func takeEpisodes(_ body: (EpisodeRecord) -> Void) { base.takeEpisodes(body) }
    func close() { base.close() }
  }

  @Test func `a worker that dies again while its rank waits for the save ends nothing twice`()
    throws
  {
    let scratch = try ScratchDirectory()
    let path = scratch.path("run")
    let outcomes = InProcessRanks.outcomes(2) { ranks in
      let exchange = UpdateExchange(ranks)
      var parts = TrainingParts()
      parts.collector = PartMaker(encoding: "dying") {
        Dying(
          try SameProcess($0.setup, fragmentsPerBatch: $0.configuration.fragmentsPerBatch),
          after: ranks.rank == 1 ? 5 : .max)
      }
      let run = try TrainingRun(exchange, Self.configuration(path), parts: parts, isQuiet: true)
      do {
        _ = try run.train()
        return "no error"
      } catch {
        // All ranks leave together, as the command does.
        try exchange.agree()
        return "\(error)"
      }
    }
    let report = try outcomes[0].get()
    #expect(report.contains("rank 1: worker 0 died; the run was saved: resume it with"))
    #expect(try outcomes[1].get() == "another rank failed")
    let directory = RunDirectory(existing: URL(fileURLWithPath: path))
    #expect(try RunState.load(from: directory.state).steps == 400)
  }
}
