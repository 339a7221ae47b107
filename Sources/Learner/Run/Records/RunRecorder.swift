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
  private let rankCount: Int
  private let line: ProgressLine
  private let lock: RunLock
  private var sinks: MetricsSinks
  private var lastRecord = (seconds: 0.0, steps: 0, updates: 0, skipped: 0)
  private var lastMetrics: [(name: String, value: Double)] = []
  private var lastShown = (seconds: 0.0, steps: 0, waited: 0.0, evaluating: 0.0)
  private var recentReturns = RecentReturns()
  private var recentLengths = RecentReturns()
  private var information: RecentInformation
  private var hasToldUnheard = false
  private var returns = Histogram.magnitudes
  private var lengths = Histogram.magnitudes
  private var evaluationReturn: Double?
  /// The best evaluation.
  private(set) var best: EvaluationMark?

  /// The seconds between updates of the status line.
  private static let secondsBetweenUpdates = 0.1

  /// Creates the directory, or opens that of a run to resume, and writes the configuration.
  ///
  /// - Throws: `RecordError` if that fails, or the error of a sink.
  init(
    _ configuration: TrainingConfiguration, _ setup: RolloutSetup,
    _ parts: TrainingParts, _ layers: LayerTable, seed: UInt64, line: ProgressLine,
    resuming former: FormerRun?, rankCount: Int = 1
  ) throws {
    self.configuration = configuration
    self.rankCount = rankCount
    self.setup = setup
    let batchLayout = setup.layout.batched(configuration.fragmentsPerBatch)
    information = RecentInformation(
      of: batchLayout, fragmentCount: configuration.fragmentsPerBatch,
      resuming: former?.state.told.recentInformation ?? [:])
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
    let description =
      rankCount == 1
      ? saved.json(about: ["rlplay": releaseVersion, "machine": Self.machine])
      : saved.json(
        about: ["rlplay": releaseVersion, "machine": Self.machine, "ranks": "\(rankCount)"])
    if former != nil { try directory.refuseLinks() }
    lock = try RunLock(directory)
    try? FileManager.default.removeItem(at: directory.ending)
    var files: [any MetricsSink] = []
    for file in configuration.metricsFiles { files.append(try file.makeSink(in: directory)) }
    try directory.writeConfiguration(description)
    sinks = try MetricsSinks(
      files + parts.sinks,
      for: RecordedRun(
        directory: directory.url, configuration: String(decoding: description, as: UTF8.self),
        network: layers.text, position: former.map { ($0.state.updates, $0.state.steps) }),
      say: { line.note($0) })
    guard let state = former?.state else { return }
    best = state.marks.best
    evaluationReturn = state.marks.lastEvaluation?.meanReturn
    recentReturns = state.told.recentReturns
    recentLengths = state.told.recentLengths
    lastRecord = (state.told.seconds, state.steps, state.updates, 0)
    lastShown = (state.told.seconds, state.steps, 0, 0)
    directory.removeSteps(beyond: state.steps)
    // The best weights remain, even if they come from the part of the run that was lost.
    let lost = files.lazy.compactMap { $0 as? JSONLinesSink }.first?.lostEvaluations ?? []
    let kept = try? Checkpoint.load(from: directory.bestCheckpoint)
    let steps = kept?.metadata[Checkpoint.Key.environmentSteps].flatMap { Int($0) }
    if let mark = lost.first(where: { $0.steps == steps }) { best = mark }
  }

  private static var machine: String {
    let information = ProcessInfo.processInfo
    return "\(information.operatingSystemVersionString), \(information.processorCount) cores"
  }

  /// Prints a sentence on its own line.
  func say(_ sentence: String) { line.note(sentence) }

  /// Ends the display of progress.
  func closeDisplay() { line.close() }

  /// Returns the mean return of training's latest hundred episodes; nil if there are fewer.
  func trainingReturn(_ collector: any RolloutCollector) -> Double? {
    takeEpisodes(collector)
    return recentReturns.isFull ? recentReturns.mean : nil
  }

  private func takeEpisodes(_ collector: any RolloutCollector) {
    collector.takeEpisodes { episode in
      recentReturns.add(Double(episode.episodeReturn))
      recentLengths.add(Double(episode.length))
      returns.add(Double(episode.episodeReturn))
      lengths.add(Double(episode.length))
    }
  }

  /// Receives the information of a batch.
  ///
  /// Names that no step of the first hundred episodes had are told once.
  func receive(_ batch: FragmentBatch) {
    information.add(batch)
    if information.episodeCount >= 100 { tellUnheard() }
  }

  private func tellUnheard() {
    guard !hasToldUnheard, information.episodeCount > 0 else { return }
    hasToldUnheard = true
    let names = information.unheard
    guard !names.isEmpty else { return }
    say(
      """
      no step of the first \(information.episodeCount) episodes told a number \
      \(names.map { "'\($0)'" }.joined(separator: ", ")): check the spelling
      """)
  }

  /// Returns true if the next line of metrics is due.
  func isDue(_ learner: any BatchLearner, secondsElapsed: Double) -> Bool {
    switch configuration.metricsInterval {
    case .updates(let count): learner.updateCount - lastRecord.updates >= count
    case .seconds(let seconds): secondsElapsed - lastRecord.seconds >= seconds
    }
  }

  /// Adds a line of metrics, if an update was made or skipped since the last one.
  func record(
    _ collector: any RolloutCollector, _ learner: any BatchLearner, secondsElapsed: Double
  ) {
    takeEpisodes(collector)
    let metrics = learner.takeMetrics()
    guard !metrics.isEmpty || learner.skippedCount > lastRecord.skipped else { return }
    lastMetrics = metrics
    let progress = collector.progress
    let steps = steps(progress, learner)
    let rate = Double(steps - lastRecord.steps) / max(secondsElapsed - lastRecord.seconds, 1e-9)
    lastRecord = (secondsElapsed, steps, learner.updateCount, learner.skippedCount)

    var record = MetricsRecord()
    record.set("env_steps", steps)
    record.set("updates", learner.updateCount)
    record.set("seconds", secondsElapsed)
    record.set("steps_per_second", rate)
    record.set("episodes", progress.episodes)
    if let mean = recentReturns.mean { record.set("episode_return", mean) }
    if let mean = recentLengths.mean { record.set("episode_length", mean) }
    for (name, value) in information.means + metrics { record.set(name, value) }
    record.set("lag_mean", progress.meanLag)
    record.set("lag_max", progress.lagLargest)
    record.set("lag_histogram", collector.takeLags())
    for (name, histogram) in learner.takeHistograms() { record.set(name, histogram) }
    record.set("episode_return_histogram", returns.take())
    record.set("episode_length_histogram", lengths.take())
    record.set("dropped_fragments", progress.dropped)
    record.set("worker_restarts", progress.restarts)
    record.set("skipped_updates", learner.skippedCount)
    sinks.append(record)
  }

  /// Updates the status line and receives finished episodes, ten times per second.
  ///
  /// - Parameters:
  ///   - collector: the collector.
  ///   - learner: the learner.
  ///   - secondsElapsed: the seconds since the run began.
  ///   - secondsWaited: the seconds for which the learner has waited for batches.
  ///   - secondsEvaluating: the seconds for which it has waited for evaluations.
  /// - Returns: true if that was due.
  func show(
    _ collector: any RolloutCollector, _ learner: any BatchLearner, secondsElapsed: Double,
    secondsWaited: Double, secondsEvaluating: Double
  ) -> Bool {
    let seconds = secondsElapsed - lastShown.seconds
    guard seconds >= Self.secondsBetweenUpdates else { return false }
    takeEpisodes(collector)
    let progress = collector.progress
    let steps = steps(progress, learner)
    let rate = Double(steps - lastShown.steps) / seconds
    var status = status(progress, steps, lastMetrics, rate, secondsElapsed)
    let evaluationShare = min(1, (secondsEvaluating - lastShown.evaluating) / seconds)
    status.evaluationShare = evaluationShare
    status.busyShare = max(
      0, 1 - evaluationShare - (secondsWaited - lastShown.waited) / seconds)
    lastShown = (secondsElapsed, steps, secondsWaited, secondsEvaluating)
    line.update(status, workers: collector.workers)
    return true
  }

  /// Adds an evaluation, and saves the weights if they are the best so far.
  ///
  /// - Parameters:
  ///   - outcome: the result of the evaluation.
  ///   - weights: the weights that were evaluated.
  ///   - learner: the learner, which may have learned further meanwhile.
  ///   - secondsElapsed: the seconds since the run began.
  /// - Throws: `RecordError` if a file cannot be written.
  func recordEvaluation(
    _ outcome: RunEvaluations.Outcome, _ weights: FlatVector<Float>,
    _ learner: any BatchLearner, secondsElapsed: Double
  ) throws(RecordError) {
    let (round, result) = (outcome.round, outcome.result)
    let meanReturn = result.meanReturn
    evaluationReturn = meanReturn
    var record = MetricsRecord()
    record.set("env_steps", learner.stepCount)
    record.set("updates", learner.updateCount)
    record.set("seconds", secondsElapsed)
    record.set("eval_env_steps", round.steps)
    record.set("eval_updates", round.updates)
    record.set("eval_return", meanReturn)
    record.set("eval_median", result.medianReturn)
    record.set("eval_min", result.minimumReturn)
    record.set("eval_max", result.maximumReturn)
    record.set("eval_std", result.standardDeviation)
    record.set("eval_length", result.meanLength)
    record.set("eval_episodes", result.returns.count)
    for (name, mean) in result.meanInformation { record.set("eval_\(name)", mean) }
    sinks.append(record)
    // An evaluation that ends the run was confirmed, which a higher mean of fewer episodes was not.
    guard meanReturn > best?.meanReturn ?? -.infinity || outcome.isReached else { return }
    best = EvaluationMark(steps: round.steps, meanReturn: meanReturn)
    // Written before the checkpoint, because a resumed run looks up its return in the lines.
    sinks.flush()
    try checkpoint(weights, steps: round.steps, updates: round.updates)
      .save(to: directory.bestCheckpoint)
  }

  /// Saves the weights, the state to resume from, and the lines of metrics so far.
  ///
  /// - Parameters:
  ///   - marks: the run's schedule of evaluations and its reports; nil to leave the state on disk
  ///     as it is.
  ///   - others: the parts of the state that belong to other ranks.
  /// - Throws: `RecordError` if a file cannot be written.
  func save(
    _ collector: any RolloutCollector, _ learner: any BatchLearner, _ marks: RunMarks?,
    others: [RankState] = [], secondsElapsed: Double
  ) throws(RecordError) {
    record(collector, learner, secondsElapsed: secondsElapsed)
    sinks.flush()
    let parameters = checkpoint(
      setup.weights, steps: learner.stepCount, updates: learner.updateCount)
    try parameters.save(to: directory.lastCheckpoint)
    if configuration.keptCheckpoints > 0 {
      try parameters.save(to: directory.checkpoint(atStep: learner.stepCount))
      directory.removeSteps(keeping: configuration.keptCheckpoints)
    }
    guard var marks, let place = collector.state else { return }
    marks.best = best
    let state = RunState(
      configuration, parts, setup, learner, place, marks,
      ToldSoFar(
        seconds: secondsElapsed, recentReturns: recentReturns, recentLengths: recentLengths,
        recentInformation: information.recent.isEmpty ? nil : information.recent), others: others)
    try AtomicFile.write(state.encoded(), to: directory.state)
  }

  /// Saves as `save` does, and prints the final status line.
  ///
  /// - Throws: `RecordError` if a file cannot be written.
  func finish(
    _ collector: any RolloutCollector, _ learner: any BatchLearner, _ marks: RunMarks?,
    others: [RankState] = [], secondsElapsed: Double
  ) throws(RecordError) {
    tellUnheard()
    try save(collector, learner, marks, others: others, secondsElapsed: secondsElapsed)
    let progress = collector.progress
    var final = status(progress, steps(progress, learner), [], 0, secondsElapsed)
    final.stepsPerSecond = Double(final.steps) / max(secondsElapsed, 1e-9)
    line.finish(final)
  }

  // MARK: Parts

  /// Returns the environment steps of all ranks.
  private func steps(_ progress: CollectorProgress, _ learner: any BatchLearner) -> Int {
    rankCount == 1 ? progress.steps : learner.stepCount
  }

  private func status(
    _ progress: CollectorProgress, _ steps: Int, _ metrics: [(name: String, value: Double)],
    _ rate: Double, _ seconds: Double
  ) -> TrainingProgress {
    func metric(_ name: String) -> Double? { metrics.first { $0.name == name }?.value }
    return TrainingProgress(
      steps: steps, totalSteps: configuration.totalSteps, stepsPerSecond: rate,
      episodeReturn: recentReturns.mean, loss: metric("loss"), entropy: metric("entropy"),
      meanLag: progress.meanLag, maxLag: progress.lagLargest, restarts: progress.restarts,
      secondsElapsed: seconds, evaluationReturn: evaluationReturn,
      meanRho: metric("rho_mean"))
  }

  private func checkpoint(
    _ weights: FlatVector<Float>, steps: Int, updates: Int
  ) -> Checkpoint {
    Checkpoint(weights, of: setup, algorithm: algorithm, steps: steps, updates: updates)
  }
}
