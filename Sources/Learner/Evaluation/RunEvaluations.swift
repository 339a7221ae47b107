import Actor
import Rollout

/// The evaluations of a run, in processes of their own or in a learner that also collects.
final class RunEvaluations {
  private enum Place {
    case processes(ParallelEvaluator)
    case learner(Evaluator, isInterrupted: () -> Bool)
    case nowhere
  }

  /// The weights that are being evaluated.
  struct Round {
    /// The updates behind the weights.
    let updates: Int
    /// The environment steps that the weights had learned from.
    let steps: Int
    /// The run's position as `--eval-every` counts it.
    let position: Int
    /// The result that reached the target return, while further episodes have to confirm it.
    fileprivate(set) var first: EvaluationResult?
  }

  /// The result of a round.
  struct Outcome {
    let round: Round
    /// The result of the episodes of every evaluation.
    let first: EvaluationResult
    /// The result that counts: of the confirmation if there was one.
    let result: EvaluationResult
    /// True if the target return is reached and confirmed.
    let isReached: Bool
  }

  /// The weights of the last round that was begun.
  let weights: FlatVector<Float>
  /// True if training goes on while a round is played.
  let isBesideTraining: Bool
  /// The round that is being played; nil between rounds.
  private(set) var round: Round?
  /// The time for which training has waited for evaluations.
  private(set) var nanosecondsWaited: UInt64 = 0

  private let place: Place
  private let choice: ActionChoice
  private let episodeCount: Int
  private let confirmationCount: Int
  private let untilReturn: Double?
  private let say: (String) -> Void
  /// The exchange with other ranks, each of which plays a share of the episodes; nil for none.
  private let exchange: UpdateExchange?
  private let informationNames: [String]
  /// The result of this rank's share, until all ranks have theirs.
  private var ownShare: EvaluationResult?
  private var gap: GreedyGap?
  private var hasReportedUnfinished = false

  /// Prepares evaluations and starts their processes if there are any.
  ///
  /// - Throws: the errors of the initializers of `ParallelEvaluator` and `Evaluator`.
  init(
    _ configuration: TrainingConfiguration, _ setup: RolloutSetup, processes: WorkerProcesses,
    exchange: UpdateExchange? = nil
  ) throws {
    self.exchange = exchange
    informationNames = EpisodeInformation.names(of: setup.layout.contents.spaces.information)
    weights = FlatVector(repeating: 0, count: setup.weights.count)
    choice = configuration.evaluationSamples ? .sample : .greedy
    episodeCount = configuration.evaluationEpisodes
    confirmationCount = configuration.confirmationEpisodes
    untilReturn = configuration.untilReturn
    say = processes.say
    let processCount = configuration.evaluationProcessCount
    isBesideTraining = processCount > 0
    let environment = configuration.evaluationEnvironment
    if choice == .greedy, environment == configuration.environment { gap = GreedyGap() }
    guard !configuration.evaluateEvery.isNever else {
      place = .nowhere
      return
    }
    guard configuration.collector != .same else {
      place = .learner(
        try Evaluator(
          environment: environment, policy: setup.policy, choice: choice, seed: setup.seed,
          spaces: setup.layout.contents.spaces),
        isInterrupted: processes.isInterrupted)
      return
    }
    place = .processes(
      try ParallelEvaluator(
        environment: environment, policy: setup.policy, spaces: setup.layout.contents.spaces,
        weightCount: setup.weights.count, seed: setup.seed, episodeCount: episodeCount,
        episodeCapacity: untilReturn == nil ? episodeCount : max(episodeCount, confirmationCount),
        choice: choice, processCount: max(1, processCount), processes: processes))
  }

  // MARK: Rounds

  /// Copies the weights and begins a round with them.
  ///
  /// - Throws: `WorkerStartError` if a process is gone and cannot be replaced.
  func begin(_ weights: FlatVector<Float>, _ round: Round) throws {
    self.weights.copy(weights)
    self.round = round
    try request(0..<episodeCount)
  }

  private func request(_ episodes: Range<Int>) throws {
    let share = share(of: episodes)
    // With fewer episodes than ranks, some have none.
    ownShare = share.isEmpty ? EvaluationResult(episodeCount: 0) : nil
    guard case .processes(let evaluator) = place, let round, !share.isEmpty else { return }
    do {
      try evaluator.request(
        weights, policyVersion: round.updates + 1, steps: round.steps, episodes: share)
    } catch {
      guard let exchange else { throw error }
      // The ranks learn of it in their next exchange.
      exchange.failure = error
    }
  }

  /// Returns this rank's share of some episodes.
  private func share(of episodes: Range<Int>) -> Range<Int> {
    guard let ranks = exchange?.ranks else { return episodes }
    let (first, count) = (episodes.lowerBound, episodes.count)
    return first + ranks.rank * count / ranks.count..<first + (ranks.rank + 1) * count / ranks.count
  }

  /// Tells the other ranks in the next exchange if this rank has played its share.
  func tell() {
    guard let exchange else { return }
    if ownShare == nil, round != nil, case .processes(let evaluator) = place {
      ownShare = evaluator.take()?.result
    }
    exchange.told.subtract(.hasEvaluated)
    if round != nil, ownShare != nil { exchange.told.insert(.hasEvaluated) }
  }

  /// Takes the outcome of the round if its last episodes are finished.
  ///
  /// The first episodes that reach the target return were selected from many evaluations, which
  /// biases their mean. Further episodes have to confirm it by two standard errors, so that an
  /// independent evaluation of the result reaches it as well.
  ///
  /// - Returns: nil if there is no round, or if it is not finished.
  /// - Throws: `WorkerStartError` if a process is gone and cannot be replaced.
  func take() throws -> Outcome? {
    guard case .processes(let evaluator) = place else { return nil }
    if let exchange {
      guard exchange.words.allSatisfy({ $0.contains(.hasEvaluated) }) else { return nil }
      return try note(allShares { preconditionFailure("a rank told of a share that it lacks") })
    }
    return try evaluator.take().flatMap { try note($0.result) }
  }

  /// Returns the result of the episodes of all ranks.
  ///
  /// - Parameter play: plays the share of this rank, if that is not done.
  private func allShares(_ play: () throws -> EvaluationResult) throws -> EvaluationResult {
    guard let exchange else { return try play() }
    let own = Result {
      if let failure = exchange.failure { throw failure }
      return try ownShare ?? play()
    }
    ownShare = nil
    let episodes = round?.first == nil ? 0..<episodeCount : confirmation
    return try exchange.combine(
      own, from: share(of: episodes).lowerBound - episodes.lowerBound,
      episodeCount: episodes.count, informationNames: informationNames)
  }

  /// Waits for the outcome of the round, or plays it.
  ///
  /// - Parameter meanwhile: called repeatedly while other processes play.
  /// - Returns: nil if there is no round.
  /// - Throws: the errors of `Evaluator.evaluate` and `ParallelEvaluator.wait`. The round is then
  ///   over without an outcome.
  func wait(meanwhile: () throws -> Void) throws -> Outcome? {
    let began = SystemCalls.monotonicNanoseconds()
    defer { nanosecondsWaited += SystemCalls.monotonicNanoseconds() - began }
    do {
      while let round {
        let result = try allShares { try play(round, meanwhile: meanwhile) }
        if let outcome = try note(result) { return outcome }
      }
      return nil
    } catch {
      round = nil
      throw error
    }
  }

  private func play(
    _ round: Round, meanwhile: () throws -> Void
  ) throws -> EvaluationResult {
    switch place {
    case .processes(let evaluator): return try evaluator.wait(meanwhile: meanwhile).result
    case .learner(let evaluator, let isInterrupted):
      return try evaluator.evaluate(
        weights, episodes: share(of: round.first == nil ? 0..<episodeCount : confirmation),
        say: say, isInterrupted: isInterrupted)
    case .nowhere: preconditionFailure("an evaluation in a run without evaluations")
    }
  }

  private var confirmation: Range<Int> { episodeCount..<episodeCount + confirmationCount }

  /// Ends the round with its result, or requests the episodes that have to confirm it.
  private func note(_ result: EvaluationResult) throws -> Outcome? {
    guard let round else { return nil }
    if !hasReportedUnfinished, let sentence = result.unfinishedSentence {
      hasReportedUnfinished = true
      if exchange?.ranks.rank ?? 0 == 0 { say(sentence) }
    }
    if round.first == nil, let untilReturn, result.meanReturn >= untilReturn {
      self.round?.first = result
      try request(confirmation)
      return nil
    }
    self.round = nil
    let isReached =
      round.first != nil
      && result.meanReturn - 2 * result.standardError >= untilReturn ?? .infinity
    return Outcome(
      round: round, first: round.first ?? result, result: result, isReached: isReached)
  }

  /// Compares an evaluation with training, and reports once if greedy actions are far worse.
  ///
  /// - Parameter trainingReturn: the mean return of the latest training episodes; nil if there are
  ///   too few.
  func compare(_ result: EvaluationResult, trainingReturn: Double?) {
    guard let trainingReturn, let sentence = gap?.note(result.meanReturn, trainingReturn)
    else { return }
    gap = nil
    say(sentence)
  }

  /// Forwards the logs of the processes and handles deaths.
  func attend() throws {
    if case .processes(let evaluator) = place { try evaluator.attend() }
  }

  /// Asks the processes to stop, without waiting for them.
  func beginClosing() {
    if case .processes(let evaluator) = place { evaluator.beginClosing() }
  }

  /// Ends the processes; repeated calls have no effect.
  func close() {
    if case .processes(let evaluator) = place { evaluator.close() }
  }
}

/// A detector of greedy evaluations that stay far below training.
struct GreedyGap {
  /// The number of consecutive evaluations that have to be far below training.
  static let evaluationCount = 4
  /// The fraction of the range of all returns so far that counts as far.
  static let share = 0.5

  private var range: ClosedRange<Double>?
  private var inARow = 0

  /// Compares the mean return of an evaluation with that of the latest training episodes.
  ///
  /// - Returns: a message if the last evaluations were all far below training; nil otherwise.
  mutating func note(_ evaluation: Double, _ training: Double) -> String? {
    guard evaluation.isFinite, training.isFinite else { return nil }
    let (low, high) = (min(evaluation, training), max(evaluation, training))
    let range = min(low, range?.lowerBound ?? low)...max(high, range?.upperBound ?? high)
    self.range = range
    let isFar = training - evaluation > Self.share * (range.upperBound - range.lowerBound)
    inARow = isFar ? inARow + 1 : 0
    guard inARow >= Self.evaluationCount else { return nil }
    return """
      the last \(Self.evaluationCount) evaluations are far below training (a mean return of \
      \(NumberText.significant(evaluation)) against \(NumberText.significant(training))): \
      evaluations take the most likely action, and this policy needs sampled ones; use \
      --eval-sample to sample them
      """
  }
}

extension EvaluationResult {
  /// A message about episodes that did not end; nil if all did.
  package var unfinishedSentence: String? {
    guard unfinishedCount > 0 else { return nil }
    let limit = NumberText.grouped(Evaluator.stepLimit)
    return """
      \(unfinishedCount) of \(returns.count) evaluated episodes had not ended after \(limit) steps \
      and were truncated there; give the environment a limit with --max-episode-steps
      """
  }
}
