/// The quantity that is normalized by running statistics, which the learner keeps.
package enum Normalization: Sendable, Equatable {
  /// Observations, as the network receives them.
  case observations
  /// Rewards, as used in learning, divided by the running deviation of returns.
  ///
  /// The returns are discounted by `discount`, or by the discount of learning if it is nil.
  case rewards(discount: Double?)
}

extension Wrapper {
  /// Normalizes the network's observations by their running mean and standard deviation.
  ///
  /// It may only appear at the end of `TrainingConfiguration.wrappers`. The statistics belong to
  /// the learner and are stored with the weights.
  public static var observationNormalization: Wrapper {
    Wrapper("observation-normalization", .observations)
  }

  /// Divides rewards in learning by the running standard deviation of discounted returns.
  ///
  /// It may only appear at the end of `TrainingConfiguration.wrappers`. The statistics belong to
  /// the learner and are stored with the weights.
  ///
  /// - Parameter discount: γ; the discount of learning if nil.
  public static func rewardNormalization(discount: Double? = nil) -> Wrapper {
    Wrapper(
      "reward-normalization" + (discount.map { "=\($0.short)" } ?? ""),
      .rewards(discount: discount))
  }

  private init(_ description: String, _ normalization: Normalization) {
    self.init(description, normalization: normalization) { _, _ in
      throw Self.misplaced(description)
    }
  }

  /// Returns the error for an environment that is wrapped in a normalization.
  static func misplaced(_ description: String) -> WrapperError {
    WrapperError(
      """
      \(description) cannot wrap an environment, because the learner keeps its statistics: use it \
      only with '\(ProgramName.shown) train', after all other wrappers
      """)
  }
}
