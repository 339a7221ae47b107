public import Actor
import Rollout

/// A whole training run: the page to read first.
///
///     let run = try TrainingRun(configuration)
///     let summary = try run.train()
///
/// Each turn takes a batch from the collector (which publishes the weights as they are), learns from it, and now and then
/// writes down how it goes and evaluates.
public final class TrainingRun {
  /// What the run does, as resolved: the seed is set.
  public let configuration: TrainingConfiguration
  /// The root of every random stream, drawn if none was given.
  public let seed: UInt64
  /// Where the run leaves its files.
  public var directory: RunDirectory { recorder.directory }
  /// What the policy is made of.
  public let layers: LayerTable

  private let setup: RolloutSetup
  private let learner: any BatchLearner
  private let collector: any RolloutCollector
  private let recorder: RunRecorder
  private let evaluations: RunEvaluations
  private let began: UInt64
  private var marks: RunMarks
  /// From which step or second on the run is to be saved.
  private var nextSave: (steps: Int, seconds: Double)
  /// What the run goes on from, for people; nil for a new one.
  public let resumption: String?

  /// Makes the run's directory and starts its workers; nothing is learnt yet.
  ///
  /// - Parameters:
  ///   - configuration: what to do, validated.
  ///   - isQuiet: whether to show no progress.
  ///   - workerExecutable: the program whose `worker` subcommand to run; nil for the one that runs now.
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `PolicyError`, `RecordError`, `RunMemoryError`,
  ///   `WorkerStartError`, `ConfigurationError` when the machine's memory cannot hold the replay buffer, each a sentence.
  public convenience init(
    _ configuration: TrainingConfiguration, isQuiet: Bool = false, workerExecutable: String? = nil
  ) throws {
    try self.init(configuration, nil, isQuiet, workerExecutable)
  }

  /// Goes on from a state, in the directory of its run.
  ///
  /// - Parameters:
  ///   - state: where the run stood, with a configuration that may differ in what has no part in what is learnt.
  ///   - directory: the run's directory; nothing is touched in it if the state is refused.
  ///   - isQuiet: whether to show no progress.
  ///   - workerExecutable: the program whose `worker` subcommand to run; nil for the one that runs now.
  /// - Throws: as for a new run; `ConfigurationError` when all steps are made, `CheckpointError` and
  ///   `CollectorStateError` when the state is not one of its configuration.
  public convenience init(
    resuming state: RunState, in directory: RunDirectory, isQuiet: Bool = false,
    workerExecutable: String? = nil
  ) throws {
    try self.init(
      state.configuration, FormerRun(state: state, directory: directory), isQuiet,
      workerExecutable)
  }

  private init(
    _ configuration: TrainingConfiguration, _ former: FormerRun?, _ isQuiet: Bool,
    _ workerExecutable: String?
  ) throws {
    try former?.check()
    var resolved = configuration
    seed = configuration.seed ?? UInt64.random(in: 0..<1 << 53)
    resolved.seed = seed
    self.configuration = resolved
    setup = try resolved.makeSetup(seed: seed) { parameters in
      if let former { try former.check(parameters) }
    }
    layers = try LayerTable(setup.policy, for: setup.layout.contents.spaces)
    marks =
      former?.marks
      ?? RunMarks(nextEvaluation: resolved.evaluateEvery == 0 ? .max : resolved.evaluateEvery)
    let seconds = former?.state.told.seconds ?? 0
    nextSave = Self.nextSave(
      resolved, steps: former?.state.steps ?? 0, seconds: seconds, cost: Self.usualSaveSeconds)
    began = SystemCalls.monotonicNanoseconds() &- UInt64(seconds * 1e9)
    let (setup, valueParameters) = (setup, layers.valueParameters)
    let batchLayout = setup.layout.batched(resolved.fragmentsPerBatch)
    try resolved.validateReplayMemory(batchLayout)
    func makeLearner() throws -> any BatchLearner {
      try resolved.makeLearner(
        setup, batchLayout: batchLayout, valueParameters: valueParameters)
    }
    // Before the collector, which begins with the weights as they are.
    let restored = try former.map { former in
      let learner = try makeLearner()
      return (learner, losses: try former.restore(setup, learner))
    }
    resumption = former.map { $0.sentence(losses: restored?.losses ?? []) }
    // Before the run's directory, so that a machine that is too small leaves none behind, and because the workers start
    // while it is made.
    let voice = Voice()
    let processes = WorkerProcesses(
      executable: workerExecutable, say: { voice.say($0) },
      isInterrupted: { Interruption.requested != nil }, patience: resolved.environment.patience,
      closePatience: resolved.environment.closePatience)
    do {
      collector = try resolved.makeCollector(
        setup, processes, resuming: former?.state.collector)
    } catch let error as CollectorStateError {
      throw former.map { error.located(in: $0.directory.state) } ?? error
    }
    // Behind the workers, which have more to do until the first evaluation.
    evaluations = try RunEvaluations(resolved, setup, processes: processes)
    let recorder = try RunRecorder(
      resolved, setup, seed: seed, isQuiet: isQuiet, resuming: former)
    self.recorder = recorder
    voice.say = { recorder.say($0) }
    let bounds = resolved.environment.actionBounds
    for remark in setup.layout.contents.spaces.action.oddBounds(bounds) { recorder.say(remark) }
    learner = try restored?.0 ?? makeLearner()
  }

  /// Trains until all steps are made, the return is reached or a signal asks to stop; saves and ends the workers.
  ///
  /// - Throws: `WorkerDeath` when a worker keeps dying, `TrainingError` when learning diverges or environments give nothing
  ///   that can be learnt from, `RecordError` when a file cannot be written. What was saved before stays.
  public func train() throws -> TrainingSummary {
    // Elsewhere no environment is stepped in this process.
    if configuration.collector != .same { return try run() }
    return try ExitGuard.during("training") { try run() }
  }

  private func run() throws -> TrainingSummary {
    defer {
      evaluations.beginClosing()
      collector.close()
      evaluations.close()
    }
    var ending: TrainingSummary.Ending?
    // What follows the update that the state was saved after may still be due.
    var hasLearnt = resumption != nil
    while ending == nil {
      do {
        if !hasLearnt { try learn(from: nextBatch()) }
        hasLearnt = false
        ending = try afterUpdate()
      } catch is Interrupted {
        ending = interruption
      }
    }
    let seconds = secondsElapsed
    if ending == .steps { ending = try evaluateAtTheEnd() }
    try recorder.finish(collector, learner, marks, secondsElapsed: seconds)
    if ending == .steps, learner.updateCount == 0 {
      throw TrainingError(
        marks.skipped.nothingLearned(skippedCount: learner.skippedCount, steps: steps)
          + "; \(directory.path)/checkpoints/last.safetensors holds the initial weights")
    }
    return summary(ending ?? .steps, seconds)
  }

  /// The next batch; when there will be none, what was learnt so far is saved first.
  private func nextBatch() throws -> FragmentBatch {
    do {
      return try collector.next()
    } catch let error where !(error is Interrupted) {
      throw saved(error, remedy: "resume it with 'rlplay train --resume \(directory.path)'")
    }
  }

  /// Saves the run before it ends with an error, and adds that to the error's sentence.
  private func saved(_ error: any Error, remedy: String) -> any Error {
    // The report of what went wrong counts for more than one of a disk that is full as well.
    guard learner.updateCount > 0, (try? save()) != nil else { return error }
    let report = "\(error)"
    return TrainingError(
      "\(report)\(report.contains("\n") ? "\n" : "; ")the run was saved: \(remedy)")
  }

  /// Learns from a batch; when there is no use in going on, the last weights that are sound are saved first.
  private func learn(from batch: FragmentBatch) throws {
    let outcome = learner.learn(from: batch)
    do {
      let sentence = try marks.skipped.note(outcome, of: batch, loss: learner.lastLoss, at: steps)
      if let sentence { recorder.say(sentence) }
    } catch {
      // As above: this report counts for more than one of a disk that is full as well. The state of before is better.
      try? recorder.finish(collector, learner, nil, secondsElapsed: secondsElapsed)
      throw TrainingError(
        "\(error); \(directory.path)/checkpoints/last.safetensors holds the last sound weights")
    }
  }

  // MARK: Between updates

  private var steps: Int { learner.stepCount }

  private var secondsElapsed: Double {
    // Resumed on a machine that started later than the run, it began before the clock.
    Double(SystemCalls.monotonicNanoseconds() &- began) / 1e9
  }

  private var interruption: TrainingSummary.Ending? {
    Interruption.requested.map { .interrupted(signal: $0) }
  }

  /// Writes down what is due; says why to stop, if there is reason to.
  private func afterUpdate() throws -> TrainingSummary.Ending? {
    if let interruption { return interruption }
    let seconds = secondsElapsed
    if recorder.isDue(secondsElapsed: seconds) {
      try recorder.record(collector, learner, secondsElapsed: seconds)
      try evaluations.attend()
    }
    if configuration.evaluateEvery > 0, steps >= marks.nextEvaluation, try evaluate() {
      return .reachedReturn
    }
    if steps >= nextSave.steps || seconds >= nextSave.seconds { try save() }
    return steps >= configuration.totalSteps ? .steps : nil
  }

  /// Evaluates the final weights, unless that was just done; says how the run ended.
  private func evaluateAtTheEnd() throws -> TrainingSummary.Ending? {
    guard configuration.evaluateEvery > 0, marks.lastEvaluation?.steps != steps else {
      return .steps
    }
    do {
      return try evaluate() ? .reachedReturn : .steps
    } catch is Interrupted {
      return interruption
    }
  }

  /// Evaluates the weights as they are; whether the return that was asked for is reached.
  ///
  /// The first episodes that pass have been picked from many tries for passing, so others have to confirm it, by two standard
  /// errors: whoever evaluates the result with episodes of his own is to find it reached as well.
  private func evaluate() throws -> Bool {
    let count = configuration.evaluationEpisodes
    let result = try play(0..<count)
    var mean = result.meanReturn
    var isReached = false
    if let wanted = configuration.untilReturn, mean >= wanted {
      let others = count..<count + configuration.confirmationEpisodes
      let confirmation = try play(others)
      mean = confirmation.meanReturn
      isReached = mean - 2 * confirmation.standardError >= wanted
    }
    // Only now: an evaluation that is broken off is made after resuming.
    marks.nextEvaluation = (steps / configuration.evaluateEvery + 1) * configuration.evaluateEvery
    marks.lastEvaluation = EvaluationMark(steps: steps, meanReturn: mean)
    try recorder.recordEvaluation(
      mean, isReached: isReached, learner, secondsElapsed: secondsElapsed)
    evaluations.compare(result, trainingReturn: recorder.trainingReturn(collector))
    if let best = recorder.best?.meanReturn,
      let sentence = marks.skipped.noteEvaluation(mean, best: best, at: steps)
    {
      recorder.say(sentence)
    }
    return isReached
  }

  private func play(_ episodes: Range<Int>) throws -> EvaluationResult {
    do {
      return try evaluations.play(
        setup.weights, updates: learner.updateCount, steps: steps, episodes: episodes,
        meanwhile: { try collector.attend() })
    } catch let error where !(error is Interrupted) {
      // With all steps made there is nothing to resume.
      let isOver = steps >= configuration.totalSteps
      let options = error is EvaluationDeath ? " --eval-every 0" : ""
      throw saved(
        error,
        remedy: isOver
          ? "all its steps are made, and \(directory.path) holds the result"
          : "resume it with 'rlplay train --resume \(directory.path)\(options)'")
    }
  }

  // MARK: Saving

  /// What a save takes before one was timed: two files that are synchronised.
  private static let usualSaveSeconds = 0.02

  /// When to save next, after a save that took so many seconds.
  private static func nextSave(
    _ configuration: TrainingConfiguration, steps: Int, seconds: Double, cost: Double
  ) -> (steps: Int, seconds: Double) {
    guard let every = configuration.saveEvery else { return (.max, seconds + 100 * cost) }
    return (every == 0 ? .max : (steps / every + 1) * every, .infinity)
  }

  private func save() throws(RecordError) {
    let began = secondsElapsed
    try recorder.save(collector, learner, marks, secondsElapsed: began)
    let ended = secondsElapsed
    nextSave = Self.nextSave(configuration, steps: steps, seconds: ended, cost: ended - began)
  }

  private func summary(
    _ ending: TrainingSummary.Ending, _ seconds: Double
  ) -> TrainingSummary {
    let progress = collector.progress
    return TrainingSummary(
      ending: ending, steps: steps, updates: learner.updateCount,
      skippedUpdates: learner.skippedCount, seconds: seconds, restarts: progress.restarts,
      meanLag: progress.meanLag, largestLag: progress.lagLargest,
      droppedFragments: progress.dropped, evaluationReturn: marks.lastEvaluation?.meanReturn,
      best: recorder.best.map { ($0.meanReturn, $0.steps) },
      collapseStep: marks.skipped.collapseStep, runDirectory: directory.path, seed: seed)
  }
}

/// Where a run's sentences go: to the recorder, once there is one.
private final class Voice {
  var say: (String) -> Void = reportOnStandardError
}

/// Learning cannot go on.
public struct TrainingError: Error, CustomStringConvertible {
  /// What happened, and what to do.
  public var description: String

  /// Describes the failure in a sentence.
  public init(_ description: String) { self.description = description }
}
