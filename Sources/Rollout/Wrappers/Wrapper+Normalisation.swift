/// What is brought to the scale of running statistics, which a learner keeps.
package enum Normalisation: Sendable, Equatable {
  /// Observations, as the network sees them.
  case observations
  /// Rewards, as they are learnt from, by the deviation of returns of a discount; of `nil` that of learning.
  case rewards(discount: Double?)
}

extension Wrapper {
  /// Shows the network observations less their running mean in units of their running deviation.
  ///
  /// For the end of `TrainingConfiguration.wrappers` alone: the statistics are the learner's and lie in the weights.
  public static var observationNormalisation: Wrapper {
    Wrapper("observation-normalisation", .observations)
  }

  /// Learns from rewards in units of the running deviation of discounted returns.
  ///
  /// For the end of `TrainingConfiguration.wrappers` alone: the statistics are the learner's and lie in the weights.
  ///
  /// - Parameter discount: γ; that of learning when it is `nil`.
  public static func rewardNormalisation(discount: Double? = nil) -> Wrapper {
    Wrapper(
      "reward-normalisation" + (discount.map { "=\($0.short)" } ?? ""),
      .rewards(discount: discount))
  }

  private init(_ description: String, _ normalisation: Normalisation) {
    self.init(description, normalisation: normalisation) { _, _ in
      throw Self.misplaced(description)
    }
  }

  /// Why an environment cannot be played behind such a wrapper.
  static func misplaced(_ description: String) -> WrapperError {
    WrapperError(
      """
      \(description) goes around no environment: its statistics are the learner's, so that it is \
      for 'rlplay train' alone, behind all other wrappers
      """)
  }
}
