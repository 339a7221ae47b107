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
