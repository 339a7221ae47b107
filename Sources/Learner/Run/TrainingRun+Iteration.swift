import Rollout

extension TrainingRun {
  /// Publishes the weights and returns the next batch.
  ///
  /// The run is saved first if an error ends the collection.
  func nextBatch() throws -> FragmentBatch {
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
  func learn(from batch: FragmentBatch) throws {
    recorder?.receive(batch)
    try judge(learner.learn(from: batch), of: batch)
  }

  /// Reports what is odd about an update; saves the last sound weights if training cannot continue.
  ///
  /// - Parameter culprit: another rank whose batch was the reason of a skipped update; nil if there
  ///   is none.
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
      // If saving fails too, this error is more important. The earlier state on disk is the better
      // one.
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

  var interruption: TrainingSummary.Ending? {
    let signal =
      if let exchange { exchange.signal } else { Interruption.requested }
    return signal.map { .interrupted(signal: $0) }
  }

  /// Records, evaluates and saves if due; returns the reason to end the run, if there is one.
  func afterUpdate() throws -> TrainingSummary.Ending? {
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
