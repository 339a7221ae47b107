/// What became of a batch, from what became of the updates that it led to.
struct PartOutcomes {
  private var isLearnt = false
  private var isSkipped = false
  private var isCertain = true
  private var isNearlyCertain = true

  /// Takes note of an update; one that diverged ends the batch and is not for here.
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

  /// `skipped` when nothing was learnt because of it, `learnt` when there was no update, `certain` when all were.
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
