/// The outcome of learning from a batch.
public enum UpdateOutcome: Sendable, Equatable {
  /// The weights moved.
  case learned
  /// Some updates moved the weights; others were skipped, or the batch was kept out of replay.
  case learnedInPart
  /// As `learned`, but the policy's entropy and gradient were exactly 0.
  ///
  /// The policy is deterministic, and no further update changes it.
  case certain
  /// As `learned`, but the policy's entropy and gradient were close to 0.
  ///
  /// Further updates hardly change the policy.
  case nearlyCertain
  /// Nothing moved, because the policy is too far from the behavior policy.
  ///
  /// Of several learners of one run, also because one of them had no batch.
  case tooFar
  /// Nothing moved, because the loss or its gradient was not finite.
  ///
  /// Weights and optimizer keep their bits.
  case skipped
  /// A step had a fault that shows that training diverged, and was undone.
  ///
  /// The weights are restored, but the optimizer is not. Nothing more can be learned with it.
  case diverged(WeightFault)
}

/// The outcome of a batch, combined from the outcomes of its updates.
struct PartOutcomes {
  private var isLearned = false
  private var isSkipped = false
  private var isCertain = true
  private var isNearlyCertain = true

  /// Adds the outcome of an update.
  ///
  /// - Precondition: the outcome is not `diverged`, which ends the batch.
  mutating func add(_ outcome: UpdateOutcome) {
    switch outcome {
    case .certain: isLearned = true
    case .nearlyCertain: (isLearned, isCertain) = (true, false)
    case .learned: (isLearned, isCertain, isNearlyCertain) = (true, false, false)
    case .learnedInPart:
      (isLearned, isSkipped) = (true, true)
      (isCertain, isNearlyCertain) = (false, false)
    case .tooFar: (isCertain, isNearlyCertain) = (false, false)
    case .skipped: isSkipped = true
    case .diverged: preconditionFailure("a part that diverged is one of many")
    }
  }

  /// The outcome of the batch.
  ///
  /// It is `skipped` if updates were skipped and none moved the weights, `learnedInPart` if both
  /// happened, and `certain` or `nearlyCertain` if all updates were at least that. Without any
  /// update it is `learned`.
  var outcome: UpdateOutcome {
    switch (isLearned, isSkipped) {
    case (true, true): .learnedInPart
    case (false, true): .skipped
    case (true, false) where isCertain: .certain
    case (true, false) where isNearlyCertain: .nearlyCertain
    case (_, false): .learned
    }
  }
}
