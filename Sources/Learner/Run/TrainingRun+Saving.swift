import Rollout

extension TrainingRun {
  /// Returns true if a save is due, which all ranks decide alike.
  func isSaveDue(seconds: Double) -> Bool {
    guard let exchange else { return saves.isDue(steps: steps, seconds: seconds) }
    return saves.isDue(steps: steps, seconds: 0) || exchange.words[0].contains(.wantsSave)
  }

  /// Saves the run.
  func save() throws {
    let began = secondsElapsed
    let others = try gatherStates()
    try together {
      try recorder?.save(collector, learner, marks, others: others, secondsElapsed: began)
    }
    let ended = secondsElapsed
    saves.note(steps: steps, seconds: ended, cost: ended - began)
  }

  /// Saves the run at its end and prints the final status line.
  func finish(secondsElapsed seconds: Double) throws {
    stopAttending()
    let others = try gatherStates()
    try together {
      try recorder?.finish(collector, learner, marks, others: others, secondsElapsed: seconds)
    }
    exchange?.endsTogether = true
  }

  /// Leaves workers alone: nothing is collected any more, so one that dies now ends nothing.
  private func stopAttending() {
    exchange?.attend = {}
    exchange?.failure = nil
  }

  /// Does something that fails at all ranks if it fails at one.
  private func together(_ body: () throws -> Void) throws {
    if let exchange { try exchange.together(body) } else { try body() }
  }

  /// Returns the parts of the state that belong to other ranks, at rank 0.
  private func gatherStates() throws -> [RankState] {
    guard let exchange else { return [] }
    try exchange.compare(setup.weights)
    var bytes: [UInt8] = []
    // Rank 0 saves its own part with the rest.
    if exchange.ranks.rank > 0, let state = collector.state {
      bytes =
        RunState.part(
          learner, state, of: exchange.ranks.count,
          hasLagOfRankZero: Set(exchange.workerCounts).count == 1
        ).encoded
    }
    let all = try exchange.ranks.gather(bytes).dropFirst().filter { !$0.isEmpty }
    return try all.map { bytes throws(CheckpointError) in try RankState(decoding: bytes) }
  }

  /// Saves the run before an error ends it, and adds the remedy to the error's sentence.
  func saved(_ error: any Error, remedy: String) -> any Error {
    var (error, report) = (error, "\(error)")
    stopAttending()
    if let exchange {
      guard let sentences = try? exchange.sentences(error) else { return error }
      report = sentences
      error = recorder == nil ? OtherRankFailed() : TrainingError(report)
    }
    // If saving fails too, for example on a full disk, the first error is more important.
    guard learner.updateCount > 0, (try? save()) != nil, recorder != nil else { return error }
    return TrainingError(
      "\(report)\(report.contains("\n") ? "\n" : "; ")the run was saved: \(remedy)")
  }

  /// Returns the result of the run.
  func summary(
    _ ending: TrainingSummary.Ending, _ seconds: Double
  ) -> TrainingSummary {
    let progress = collector.progress
    return TrainingSummary(
      ending: ending, steps: steps, updates: learner.updateCount,
      skippedUpdates: learner.skippedCount, seconds: seconds, restarts: progress.restarts,
      meanLag: progress.meanLag, largestLag: progress.lagLargest,
      droppedFragments: progress.dropped, evaluationReturn: marks.lastEvaluation?.meanReturn,
      best: recorder?.best.map { ($0.meanReturn, $0.steps) },
      collapseStep: marks.skipped.collapseStep, runDirectory: directory.path, seed: seed)
  }
}

/// The step or the second at which the next save of a run is due.
struct SaveSchedule {
  /// The steps between saves; nil for saves by their cost, 0 for none but the last.
  private let every: Int?
  private var next = (steps: Int.max, seconds: Double.infinity)

  /// Creates the schedule of a run that has made some steps in some seconds.
  ///
  /// Two files that are synchronized to disk take about 20 ms.
  init(every: Int?, steps: Int, seconds: Double) {
    self.every = every
    note(steps: steps, seconds: seconds, cost: 0.02)
  }

  /// Returns true if a save is due.
  func isDue(steps: Int, seconds: Double) -> Bool {
    steps >= next.steps || seconds >= next.seconds
  }

  /// Schedules the next save after one that took `cost` seconds, which become 1 % of the time.
  mutating func note(steps: Int, seconds: Double, cost: Double) {
    if let every {
      next.steps = every == 0 ? .max : (steps / every + 1) * every
    } else {
      next.seconds = seconds + 100 * cost
    }
  }
}
