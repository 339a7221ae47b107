import Actor
import Foundation
import Rollout

/// A recorder of a run: its status line, metrics, checkpoints and configuration.
final class RunRecorder {
  /// The directory of the run.
  let directory: RunDirectory

  private let configuration: TrainingConfiguration
  private let setup: RolloutSetup
  private let parts: PartEncodings
  private let algorithm: String
  private let line: ProgressLine
  private var log: MetricsLog
  private var lastRecord = (seconds: 0.0, steps: 0, skipped: 0)
  private var recentReturns = RecentReturns()
  private var evaluationReturn: Double?
  /// The best evaluation.
  private(set) var best: EvaluationMark?

  /// The seconds between lines of metrics.
  private static let interval = 0.1

  /// Creates the directory, or opens that of a run to resume, and writes the configuration.
  ///
  /// - Throws: `RecordError` if that fails.
  init(
    _ configuration: TrainingConfiguration, _ setup: RolloutSetup,
    _ parts: TrainingParts = TrainingParts(), seed: UInt64, line: ProgressLine,
    resuming former: FormerRun? = nil
  ) throws(RecordError) {
    self.configuration = configuration
    self.setup = setup
    self.parts = PartEncodings(parts)
    algorithm = parts.objective.map { type(of: $0).name } ?? configuration.algorithm.name
    self.line = line
    directory =
      if let former {
        former.directory
      } else if let path = configuration.runDirectory {
        try RunDirectory.create(at: URL(fileURLWithPath: path, isDirectory: true))
      } else {
        try RunDirectory.create(
          environment: configuration.environment.id, algorithm: algorithm,
          seed: seed)
      }
    // The saved directory is cleared, so that a run started from this file creates its own.
    var saved = configuration
    saved.runDirectory = nil
    let description = saved.json(about: ["rlplay": releaseVersion, "machine": Self.machine])
    guard let former else {
      try directory.writeConfiguration(description)
      log = try MetricsLog(appendingTo: directory.metrics)
      try log.claim()
      return
    }
    try directory.refuseLinks()
    log = try MetricsLog(appendingTo: directory.metrics)
    try log.claim()
    try directory.writeConfiguration(description)
    try goOn(from: former.state)
  }

  /// Restores the recorder from a state, and removes later entries from the records.
  private func goOn(from state: RunState) throws(RecordError) {
    best = state.marks.best
    evaluationReturn = state.marks.lastEvaluation?.meanReturn
    recentReturns = state.told.recentReturns
    lastRecord = (state.told.seconds, state.steps, 0)
    let lost = try log.cut(beyond: state.updates, steps: state.steps)
    directory.removeSteps(beyond: state.steps)
    // The best weights remain, even if they come from the part of the run that was lost.
    let saved = try? Checkpoint.load(from: directory.bestCheckpoint)
    let steps = saved?.metadata[Checkpoint.Key.environmentSteps].flatMap { Int($0) }
    if let mark = lost.first(where: { $0.steps == steps }) { best = mark }
  }

  private static var machine: String {
    let information = ProcessInfo.processInfo
    return "\(information.operatingSystemVersionString), \(information.processorCount) cores"
  }

  /// Prints a sentence on its own line.
  func say(_ sentence: String) { line.note(sentence) }

  /// Returns the mean return of training's latest hundred episodes; nil if there are fewer.
  func trainingReturn(_ collector: any RolloutCollector) -> Double? {
    takeEpisodes(collector)
    return recentReturns.isFull ? recentReturns.mean : nil
  }

  private func takeEpisodes(_ collector: any RolloutCollector) {
    collector.takeEpisodes { recentReturns.add(Double($0.episodeReturn)) }
  }

  /// Returns true if the next line of metrics is due.
  func isDue(secondsElapsed: Double) -> Bool {
    secondsElapsed - lastRecord.seconds >= Self.interval
  }

  /// Adds a line of metrics and updates the status line.
  ///
  /// - Throws: `RecordError` if a file cannot be written.
  func record(
    _ collector: any RolloutCollector, _ learner: any BatchLearner, secondsElapsed: Double
  ) throws(RecordError) {
    takeEpisodes(collector)
    let metrics = learner.takeMetrics()
    guard !metrics.isEmpty || learner.skippedCount > lastRecord.skipped else { return }
    let progress = collector.progress
    let rate =
      Double(progress.steps - lastRecord.steps) / max(secondsElapsed - lastRecord.seconds, 1e-9)
    lastRecord = (secondsElapsed, progress.steps, learner.skippedCount)

    var record = MetricsRecord()
    record.set("env_steps", progress.steps)
    record.set("updates", learner.updateCount)
    record.set("seconds", secondsElapsed)
    record.set("steps_per_second", rate)
    record.set("episodes", progress.episodes)
    if let mean = recentReturns.mean { record.set("episode_return", mean) }
    for (name, value) in metrics { record.set(name, value) }
    record.set("lag_mean", progress.meanLag)
    record.set("lag_max", progress.lagLargest)
    record.set("lag_histogram", collector.takeLags())
    for (name, histogram) in learner.takeHistograms() { record.set(name, histogram) }
    record.set("dropped_fragments", progress.dropped)
    record.set("worker_restarts", progress.restarts)
    record.set("skipped_updates", learner.skippedCount)
    try log.append(record)
    line.update(status(progress, metrics, rate, secondsElapsed))
  }

  /// Adds an evaluation, and saves the weights if they are the best so far.
  ///
  /// - Throws: `RecordError` if a file cannot be written.
  func recordEvaluation(
    _ meanReturn: Double, isReached: Bool, _ learner: any BatchLearner, secondsElapsed: Double
  ) throws(RecordError) {
    evaluationReturn = meanReturn
    var record = MetricsRecord()
    record.set("env_steps", learner.stepCount)
    record.set("updates", learner.updateCount)
    record.set("seconds", secondsElapsed)
    record.set("eval_return", meanReturn)
    try log.append(record)
    // An evaluation that ends the run was confirmed, which a higher mean of fewer episodes was not.
    guard meanReturn > best?.meanReturn ?? -.infinity || isReached else { return }
    best = EvaluationMark(steps: learner.stepCount, meanReturn: meanReturn)
    // Written before the checkpoint, because `goOn` looks up its return in the log.
    try log.flush()
    try checkpoint(learner).save(to: directory.bestCheckpoint)
  }

  /// Saves the weights, the state to resume from, and the lines of metrics so far.
  ///
  /// - Parameter marks: the run's schedule of evaluations and its reports; nil to leave the state
  ///   on disk as it is.
  /// - Throws: `RecordError` if a file cannot be written.
  func save(
    _ collector: any RolloutCollector, _ learner: any BatchLearner, _ marks: RunMarks?,
    secondsElapsed: Double
  ) throws(RecordError) {
    try record(collector, learner, secondsElapsed: secondsElapsed)
    try log.flush()
    let parameters = checkpoint(learner)
    try parameters.save(to: directory.lastCheckpoint)
    if configuration.keptCheckpoints > 0 {
      try parameters.save(to: directory.checkpoint(atStep: learner.stepCount))
      directory.removeSteps(keeping: configuration.keptCheckpoints)
    }
    guard var marks, let place = collector.state else { return }
    marks.best = best
    let state = RunState(
      configuration, parts, setup, learner, place, marks,
      ToldSoFar(seconds: secondsElapsed, recentReturns: recentReturns))
    try AtomicFile.write(state.encoded(), to: directory.state)
  }

  /// Saves as `save` does, and prints the final status line.
  ///
  /// - Throws: `RecordError` if a file cannot be written.
  func finish(
    _ collector: any RolloutCollector, _ learner: any BatchLearner, _ marks: RunMarks?,
    secondsElapsed: Double
  ) throws(RecordError) {
    try save(collector, learner, marks, secondsElapsed: secondsElapsed)
    var final = status(collector.progress, [], 0, secondsElapsed)
    final.stepsPerSecond = Double(final.steps) / max(secondsElapsed, 1e-9)
    line.finish(final)
  }

  // MARK: Parts

  private func status(
    _ progress: CollectorProgress, _ metrics: [(name: String, value: Double)], _ rate: Double,
    _ seconds: Double
  ) -> TrainingProgress {
    func metric(_ name: String) -> Double? { metrics.first { $0.name == name }?.value }
    return TrainingProgress(
      steps: progress.steps, totalSteps: configuration.totalSteps, stepsPerSecond: rate,
      episodeReturn: recentReturns.mean, loss: metric("loss"), entropy: metric("entropy"),
      meanLag: progress.meanLag, maxLag: progress.lagLargest, restarts: progress.restarts,
      secondsElapsed: seconds, evaluationReturn: evaluationReturn)
  }

  private func checkpoint(_ learner: any BatchLearner) -> Checkpoint {
    let environment = configuration.environment
    var metadata = [
      Checkpoint.Key.environment: environment.id,
      Checkpoint.Key.maxEpisodeSteps:
        SettingFormat.episodeLimit.value(environment.limit).text,
      Checkpoint.Key.spaces: setup.layout.contents.spaces.json,
      Checkpoint.Key.policy: PolicyRegistry.encode(setup.policy),
      Checkpoint.Key.algorithm: algorithm,
      Checkpoint.Key.environmentSteps: "\(learner.stepCount)",
      Checkpoint.Key.updates: "\(learner.updateCount)",
    ]
    // The following keys are left out if they have no content.
    if !environment.arguments.isEmpty {
      metadata[Checkpoint.Key.environmentArguments] = environment.arguments
    }
    if !environment.wrappers.isEmpty {
      metadata[Checkpoint.Key.wrappers] = SettingFormat.wrappers.value(environment.wrappers).text
    }
    if setup.layout.contents.spaces.action.hasBounds {
      metadata[Checkpoint.Key.actionBounds] = environment.actionBounds.rawValue
    }
    return Checkpoint(
      metadata: metadata,
      parameters: setup.parameters.entries.map { entry in
        .init(
          name: entry.name, shape: entry.shape,
          values: entry.range.map { setup.weights[$0] })
      })
  }
}
