import Rollout

extension TrainingRun {
  /// Records a finished evaluation and begins one that is due.
  ///
  /// - Returns: true if the target return is reached.
  func evaluateIfDue() throws -> Bool {
    if evaluations.round != nil {
      guard let outcome = try guarding({ try evaluations.take() }) else { return false }
      if try record(outcome) { return true }
    }
    guard isEvaluationDue else { return false }
    try beginEvaluation()
    return evaluations.isBesideTraining ? false : try finishEvaluation()
  }

  /// Evaluates the final weights unless that was just done; returns the reason to end.
  func evaluateAtTheEnd() throws -> TrainingSummary.Ending? {
    guard !configuration.evaluateEvery.isNever else { return .steps }
    do {
      if try finishEvaluation() { return .reachedReturn }
      if marks.lastEvaluation?.steps == steps { return .steps }
      try beginEvaluation()
      return try finishEvaluation() ? .reachedReturn : .steps
    } catch is Interrupted {
      return interruption
    }
  }

  /// Attends to the evaluation processes.
  func attendToEvaluations() throws { try guarding { try evaluations.attend() } }

  /// True if an evaluation is due, which all ranks decide alike.
  private var isEvaluationDue: Bool {
    if let exchange, case .seconds = configuration.evaluateEvery {
      return exchange.words[0].contains(.wantsEvaluation)
    }
    return isEvaluationDueHere
  }

  /// True if an evaluation is due by the steps, updates or seconds of this process.
  var isEvaluationDueHere: Bool {
    !configuration.evaluateEvery.isNever && evaluationPosition >= marks.nextEvaluation
  }

  private var evaluationPosition: Int {
    configuration.evaluateEvery.position(
      steps: steps, updates: learner.updateCount, seconds: secondsElapsed)
  }

  private func beginEvaluation() throws {
    let round = RunEvaluations.Round(
      updates: learner.updateCount, steps: steps, position: evaluationPosition)
    try guarding { try evaluations.begin(setup.weights, round) }
  }

  /// Waits for the evaluation that was begun; returns true if the target return is reached.
  private func finishEvaluation() throws -> Bool {
    let outcome = try guarding {
      try evaluations.wait(meanwhile: { try collector.attend() })
    }
    return try outcome.map { try record($0) } ?? false
  }

  /// Records an evaluation, and returns true if the target return is reached.
  private func record(_ outcome: RunEvaluations.Outcome) throws -> Bool {
    let (round, mean) = (outcome.round, outcome.result.meanReturn)
    // Set only after playing, so that an interrupted evaluation is repeated after resuming. An
    // evaluation that training waits for does not count among the seconds between two.
    marks.nextEvaluation = configuration.evaluateEvery.next(
      after: evaluations.isBesideTraining ? round.position : evaluationPosition)
    marks.lastEvaluation = EvaluationMark(steps: round.steps, meanReturn: mean)
    try exchange?.compare(setup.weights)
    guard let recorder else {
      try exchange?.agree()
      return outcome.isReached
    }
    let writing = Result {
      try recorder.recordEvaluation(
        outcome, evaluations.weights, learner, secondsElapsed: secondsElapsed)
    }
    if let exchange { try exchange.together(writing.get) } else { try writing.get() }
    evaluations.compare(outcome.first, trainingReturn: recorder.trainingReturn(collector))
    if let best = recorder.best?.meanReturn,
      let sentence = marks.skipped.noteEvaluation(mean, best: best, at: round.steps)
    {
      say(sentence)
    }
    if let sentence = marks.standstill.note(
      outcome.first, threshold: solvedReturn, at: round.steps),
      marks.skipped.collapseStep == nil
    {
      say(sentence)
    }
    return outcome.isReached
  }

  /// Saves the run before an error of the evaluation processes ends it.
  private func guarding<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
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
