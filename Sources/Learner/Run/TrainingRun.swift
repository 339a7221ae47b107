public import Actor
import Glibc
import Rollout

/// A training run: collects batches, learns from them, evaluates and keeps records.
///
/// ```swift
/// let run = try TrainingRun(configuration)
/// let summary = try run.train()
/// ```
///
/// Each iteration publishes the present weights, takes a batch from the collector and learns from
/// it. Metrics, evaluations and saves follow when they are due.
public final class TrainingRun {
  /// The configuration of the run, including the random seed.
  public let configuration: TrainingConfiguration
  /// The random seed of the run, drawn if none was given.
  public let seed: UInt64
  /// The directory with the run's files.
  public internal(set) var directory: RunDirectory
  /// The layers of the policy.
  public let layers: LayerTable

  let setup: RolloutSetup
  let learner: any BatchLearner
  let collector: any RolloutCollector
  /// The records of the run; nil at ranks other than rank 0.
  let recorder: RunRecorder?
  let evaluations: RunEvaluations
  /// The exchange with other ranks; nil for a learner alone.
  let exchange: UpdateExchange?
  /// Prints a sentence on its own line.
  let say: (String) -> Void
  /// True if the collector may step environments in this process.
  private let mayStepEnvironments: Bool
  let began: UInt64
  /// The time for which the learner has waited for batches.
  var nanosecondsWaited: UInt64 = 0
  /// The time at which the learner last attended to processes while it waited for other ranks.
  var lastAttended: UInt64 = 0
  var marks: RunMarks
  var saves: SaveSchedule
  var hasDiverged = false
  /// The entropy of even chances, in nats; nil if the action space has no such bound.
  let largestEntropy: Double?
  /// The mean return at which the task counts as solved; nil if unknown or changed by options.
  let solvedReturn: Double?
  /// A sentence about what was restored; nil for a new run.
  package let resumption: String?

  /// Creates the run's directory and starts its workers, without learning yet.
  ///
  /// - Parameters:
  ///   - configuration: the configuration, validated.
  ///   - parts: the parts that the program provides itself; others come from the configuration.
  ///   - isQuiet: true to show no progress.
  ///   - showsDashboard: true to show progress on the whole terminal, which standard error must be.
  ///   - workerExecutable: the program to run with the subcommand `worker`; nil for the present
  ///     one.
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `PolicyError`, `RecordError`,
  ///   `RunMemoryError`, `WorkerStartError`, or `ConfigurationError` if the machine's memory cannot
  ///   hold the network or the replay buffer. The description of each is a sentence.
  public convenience init(
    _ configuration: TrainingConfiguration, parts: TrainingParts = TrainingParts(),
    isQuiet: Bool = false, showsDashboard: Bool = false, workerExecutable: String? = nil
  ) throws {
    try self.init(
      configuration, parts, resuming: nil, isQuiet: isQuiet, showsDashboard: showsDashboard,
      workerExecutable: workerExecutable)
  }

  init(
    _ configuration: TrainingConfiguration, _ parts: TrainingParts, resuming former: FormerRun?,
    isQuiet: Bool, showsDashboard: Bool, workerExecutable: String?,
    exchange: UpdateExchange? = nil
  ) throws {
    try former?.check()
    let policy = parts.policy ?? configuration.policy
    try PolicyRegistry.check(policy)
    var resolved = configuration
    seed = configuration.seed ?? UInt64.random(in: 0..<1 << 53)
    resolved.seed = seed
    self.configuration = resolved
    self.exchange = exchange
    var setup = try resolved.makeSetup(seed: seed, policy: policy, objective: parts.objective) {
      if let former { try former.check($0) }
    }
    setup.earlierWorkerCount = exchange?.earlierWorkerCount ?? 0
    setup.firstIncarnation = try former?.firstIncarnation() ?? 0
    self.setup = setup
    layers = try LayerTable(setup.policy, for: setup.layout.contents.spaces)
    marks =
      former?.marks
      ?? RunMarks(nextEvaluation: resolved.evaluateEvery.next(after: 0))
    let seconds = former?.state.told.seconds ?? 0
    saves = SaveSchedule(
      every: resolved.saveEvery, steps: former?.state.steps ?? 0, seconds: seconds)
    began = SystemCalls.monotonicNanoseconds() &- UInt64(seconds * 1e9)
    let (runSetup, valueParameters) = (setup, layers.valueParameters)
    largestEntropy = setup.layout.contents.spaces.action.largestEntropy
    let judged = resolved.evaluationEnvironment
    solvedReturn =
      judged == EnvironmentConfiguration(judged.id)
      ? try EnvironmentRegistry.shared.environment(judged.id).rewardThreshold : nil
    let batchLayout = setup.layout.batched(resolved.fragmentsPerBatch)
    try resolved.algorithm.validateMemory(resolved, batchLayout)
    func makeLearner() throws -> any BatchLearner {
      try resolved.makeLearner(
        runSetup, batchLayout: batchLayout, valueParameters: valueParameters, parts: parts,
        exchange: exchange)
    }
    // Restored before the collector is created, which starts with the present weights.
    let restored = try former.map { former in
      let learner = try makeLearner()
      return (learner, losses: try former.restore(setup, learner))
    }
    resumption = former.map { $0.sentence(losses: restored?.losses ?? []) }
    // Created before the run's directory for two reasons: a machine with too little memory leaves
    // no directory behind, and workers start in parallel with its creation.
    let line =
      if let rank = exchange?.ranks.rank, rank > 0 {
        ProgressLine(ofRank: rank)
      } else if showsDashboard {
        ProgressLine(
          dashboard: "\(resolved.environment.id)  \(resolved.algorithm.name)  seed \(seed)")
      } else {
        ProgressLine(quiet: isQuiet)
      }
    say = { line.note($0) }
    let processes = WorkerProcesses(
      executable: workerExecutable, say: { line.note($0) },
      isInterrupted: { Interruption.requested != nil },
      hangTimeoutSeconds: resolved.environment.hangTimeoutSeconds,
      closeTimeoutSeconds: resolved.environment.closeTimeoutSeconds)
    mayStepEnvironments = parts.collector != nil || resolved.collector == .same
    do {
      collector = try parts.makeCollector(
        CollectorContext(
          configuration: resolved, setup: setup, batchLayout: batchLayout, processes: processes,
          state: former?.collector))
    } catch let error as CollectorStateError {
      throw former.map { error.located(in: $0.directory.state) } ?? error
    }
    // Started after the workers, which have more to do until the first evaluation.
    evaluations = try RunEvaluations(resolved, setup, processes: processes, exchange: exchange)
    if let exchange, exchange.ranks.rank > 0 {
      recorder = nil
      // Rank 0 tells its path.
      directory = former?.directory ?? RunDirectory(existing: RunDirectory.defaultParent)
    } else {
      let recorder = try RunRecorder(
        resolved, setup, parts, layers, seed: seed, line: line, resuming: former,
        rankCount: exchange?.ranks.count ?? 1)
      let (environment, spaces) = (resolved.environment, setup.layout.contents.spaces)
      for remark in spaces.action.oddBounds(environment.actionBounds)
        + environment.wrapperRemarks(spaces)
      {
        line.note(remark)
      }
      directory = recorder.directory
      self.recorder = recorder
    }
    learner = try restored?.0 ?? makeLearner()
  }

  /// Trains until all steps are made, the target return is reached or a signal asks to stop.
  ///
  /// The run is saved and its workers are stopped.
  ///
  /// - Throws: `TrainingError` if learning diverges or nothing can be learned, `RecordError` if a
  ///   file cannot be written. An error that ends collection or an evaluation, such as
  ///   `WorkerDeath`, is thrown as a `TrainingError` with the same report if the run could be
  ///   saved. Earlier saves stay.
  public func train() throws -> TrainingSummary {
    do {
      let summary =
        mayStepEnvironments ? try ExitGuard.during("training") { try run() } : try run()
      end(
        RunEnding(
          state: summary.ending.isInterruption ? .interrupted : .done,
          hasReachedReturn: configuration.untilReturn.map { _ in summary.ending == .reachedReturn }
        ))
      return summary
    } catch {
      end(RunEnding(state: hasDiverged ? .diverged : .failed, error: "\(error)"))
      throw error
    }
  }

  private func end(_ ending: RunEnding) {
    if recorder != nil { ending.write(to: directory) }
  }

  /// Ends the processes of the run.
  func close() {
    exchange?.attend = {}
    evaluations.beginClosing()
    collector.close()
    evaluations.close()
    recorder?.closeDisplay()
  }

  private func run() throws -> TrainingSummary {
    defer { close() }
    var ending: TrainingSummary.Ending?
    // A resumed run first makes up for evaluations that were due after the last update.
    var hasLearned = resumption != nil
    while ending == nil {
      do {
        if !hasLearned {
          if let exchange { try learn(with: exchange) } else { try learn(from: nextBatch()) }
        }
        hasLearned = false
        ending = try afterUpdate()
      } catch is Interrupted {
        ending = interruption ?? (exchange == nil ? nil : .interrupted(signal: SIGTERM))
      }
    }
    let seconds = secondsElapsed
    if ending == .steps { ending = try evaluateAtTheEnd() }
    try finish(secondsElapsed: seconds)
    if ending == .steps, learner.updateCount == 0 {
      throw TrainingError(
        marks.skipped.nothingLearned(skippedCount: learner.skippedCount, steps: steps)
          + "; \(directory.path)/checkpoints/last.safetensors holds the initial weights")
    }
    return summary(ending ?? .steps, seconds)
  }

  /// Publishes the weights and returns the next batch.
  ///
  /// The run is saved first if an error ends the collection.
  private func nextBatch() throws -> FragmentBatch {
    collector.publish(setup.weights)
    let waitBegan = SystemCalls.monotonicNanoseconds()
    defer { nanosecondsWaited += SystemCalls.monotonicNanoseconds() - waitBegan }
    do {
      return try collector.next()
    } catch let error where !(error is Interrupted) {
      throw saved(
        error, remedy: "resume it with '\(ProgramName.shown) train --resume \(directory.path)'")
    }
  }

  /// Learns from a batch.
  private func learn(from batch: FragmentBatch) throws {
    recorder?.receive(batch)
    try judge(learner.learn(from: batch), of: batch)
  }

  /// Reports what is odd about an update; saves the last sound weights if training cannot continue.
  ///
  /// - Parameter culprit: another rank whose batch caused a skipped update; nil if there is none.
  func judge(
    _ outcome: UpdateOutcome, of batch: FragmentBatch, because culprit: Int? = nil
  ) throws {
    do {
      marks.standstill.note(entropy: learner.lastEntropy, largest: largestEntropy)
      let sentence = try marks.skipped.note(
        outcome, of: batch, loss: learner.lastLoss, at: steps, because: culprit)
      if let sentence, recorder != nil || culprit == exchange?.ranks.rank { say(sentence) }
    } catch {
      hasDiverged = true
      exchange?.endsTogether = true
      guard let recorder else { throw OtherRankFailed() }
      // If saving fails too, this error matters more: the earlier state on disk is the better one.
      try? recorder.finish(collector, learner, nil, secondsElapsed: secondsElapsed)
      throw TrainingError(
        "\(error); \(directory.path)/checkpoints/last.safetensors holds the last sound weights")
    }
  }

  // MARK: Between updates

  var steps: Int { learner.stepCount }

  var secondsElapsed: Double {
    // The difference wraps: a run resumed after a reboot may have begun before the clock's zero.
    Double(SystemCalls.monotonicNanoseconds() &- began) / 1e9
  }

  /// Records, evaluates and saves if due; returns the reason to end the run, if there is one.
  private func afterUpdate() throws -> TrainingSummary.Ending? {
    if let interruption { return interruption }
    let seconds = secondsElapsed
    if let recorder {
      if recorder.isDue(learner, secondsElapsed: seconds) {
        recorder.record(collector, learner, secondsElapsed: seconds)
      }
      let isShown = recorder.show(
        collector, learner, secondsElapsed: seconds,
        secondsWaited: Double(nanosecondsWaited) / 1e9,
        secondsEvaluating: Double(evaluations.nanosecondsWaited) / 1e9)
      if isShown, exchange == nil { try attendToEvaluations() }
    }
    if try evaluateIfDue() { return .reachedReturn }
    if isSaveDue(seconds: seconds) { try save() }
    return steps >= configuration.totalSteps ? .steps : nil
  }
}
