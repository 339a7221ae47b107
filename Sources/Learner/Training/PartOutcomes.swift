/// The outcome of a batch, combined from the outcomes of its updates.
struct PartOutcomes {
  private var isLearnt = false
  private var isSkipped = false
  private var isCertain = true
  private var isNearlyCertain = true

  /// Adds the outcome of an update.
  ///
  /// - Precondition: the outcome is not `diverged`, which ends the batch.
  mutating func add(_ outcome: UpdateOutcome) {
    switch outcome {
    case .certain: isLearnt = true
    case .nearlyCertain: (isLearnt, isCertain) = (true, false)
    case .learnt: (isLearnt, isCertain, isNearlyCertain) = (true, false, false)
    case .learntInPart:
      (isLearnt, isSkipped) = (true, true)
      (isCertain, isNearlyCertain) = (false, false)
    case .tooFar: (isCertain, isNearlyCertain) = (false, false)
    case .skipped: isSkipped = true
    case .diverged: preconditionFailure("a part that diverged is one of many")
    }
  }

  /// The outcome of the batch.
  ///
  /// It is `skipped` if updates were skipped and none moved the weights, `learntInPart` if both
  /// happened, and `certain` or `nearlyCertain` if all updates were at least that. Without any
  /// update it is `learnt`.
  var outcome: UpdateOutcome {
    switch (isLearnt, isSkipped) {
    case (true, true): .learntInPart
    case (false, true): .skipped
    case (true, false) where isCertain: .certain
    case (true, false) where isNearlyCertain: .nearlyCertain
    case (_, false): .learnt
    }
  }
}
