import Actor
import Rollout

/// The evaluations of a run, in a separate process or in a learner that also collects.
final class RunEvaluations {
  private enum Place {
    case process(EvaluationProcess)
    case learner(Evaluator, isInterrupted: () -> Bool)
    case nowhere
  }

  private let place: Place
  private let choice: ActionChoice
  private let say: (String) -> Void
  private var gap: GreedyGap?
  private var hasReportedUnfinished = false

  /// Prepares evaluations and starts their process if there is one.
  ///
  /// - Throws: the errors of the initializers of `EvaluationProcess` and `Evaluator`.
  init(
    _ configuration: TrainingConfiguration, _ setup: RolloutSetup, processes: WorkerProcesses
  ) throws {
    choice = configuration.evaluationSamples ? .sample : .greedy
    say = processes.say
    let environment = configuration.evaluationEnvironment
    if choice == .greedy, environment == configuration.environment { gap = GreedyGap() }
    guard configuration.evaluateEvery > 0 else {
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
    let count = configuration.evaluationEpisodes
    place = .process(
      try EvaluationProcess(
        environment: environment, policy: setup.policy, weightCount: setup.weights.count,
        seed: setup.seed,
        episodeCapacity: configuration.untilReturn == nil
          ? count : max(count, configuration.confirmationEpisodes),
        processes: processes))
  }

  /// Plays episodes and waits for their result.
  ///
  /// - Parameters:
  ///   - weights: the weights to evaluate.
  ///   - updates: the number of updates behind the weights.
  ///   - steps: the environment steps that they have learned from.
  ///   - episodes: the numbers of the episodes.
  ///   - meanwhile: called repeatedly while another process plays.
  /// - Throws: the errors of `Evaluator.evaluate` and `EvaluationProcess.wait`.
  func play(
    _ weights: FlatVector<Float>, updates: Int, steps: Int, episodes: Range<Int>,
    meanwhile: () throws -> Void
  ) throws -> EvaluationResult {
    let result: EvaluationResult
    switch place {
    case .process(let process):
      try process.request(
        weights, policyVersion: updates + 1, steps: steps, episodes: episodes, choice: choice)
      result = try process.wait(meanwhile: meanwhile).result
    case .learner(let evaluator, let isInterrupted):
      result = try evaluator.evaluate(
        weights, episodes: episodes, say: say, isInterrupted: isInterrupted)
    case .nowhere: preconditionFailure("an evaluation in a run without evaluations")
    }
    if !hasReportedUnfinished, let sentence = result.unfinishedSentence {
      hasReportedUnfinished = true
      say(sentence)
    }
    return result
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

  /// Forwards the log of the process and handles its death.
  func attend() throws {
    if case .process(let process) = place { try process.attend() }
  }

  /// Asks the process to stop, without waiting for it.
  func beginClosing() {
    if case .process(let process) = place { process.beginClosing() }
  }

  /// Ends the process; repeated calls have no effect.
  func close() {
    if case .process(let process) = place { process.close() }
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
