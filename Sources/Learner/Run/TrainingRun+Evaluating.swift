import Rollout

extension TrainingRun {
  /// Evaluates the final weights unless that was just done; returns the reason to end.
  func evaluateAtTheEnd() throws -> TrainingSummary.Ending? {
    guard configuration.evaluateEvery > 0, marks.lastEvaluation?.steps != steps else {
      return .steps
    }
    do {
      return try evaluate() ? .reachedReturn : .steps
    } catch is Interrupted {
      return interruption
    }
  }

  /// Evaluates the present weights, and returns true if the target return is reached.
  ///
  /// The first episodes that reach it were selected from many evaluations, which biases their mean.
  /// Further episodes have to confirm it by two standard errors, so that an independent evaluation
  /// of the result reaches it as well.
  func evaluate() throws -> Bool {
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
    // Set only after playing, so that an interrupted evaluation is repeated after resuming.
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
      // If all steps are made, there is nothing to resume.
      let isOver = steps >= configuration.totalSteps
      let options = error is EvaluationDeath ? " --eval-every 0" : ""
      throw saved(
        error,
        remedy: isOver
          ? "all its steps are done, and \(directory.path) holds the result"
          : "resume it with '\(ProgramName.shown) train --resume \(directory.path)\(options)'")
    }
  }
}
