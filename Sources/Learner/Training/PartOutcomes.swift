/// What became of a batch, from what became of the updates that it led to.
struct PartOutcomes {
  private var isLearnt = false
  private var isSkipped = false
  private var isCertain = true

  /// Takes note of an update; one that diverged ends the batch and is not for here.
  mutating func add(_ outcome: UpdateOutcome) {
    switch outcome {
    case .certain: isLearnt = true
    case .learnt: (isLearnt, isCertain) = (true, false)
    case .learntInPart: (isLearnt, isSkipped, isCertain) = (true, true, false)
    case .tooFar: isCertain = false
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
    case (_, false): .learnt
    }
  }
}
