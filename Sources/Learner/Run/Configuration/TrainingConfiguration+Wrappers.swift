import Rollout

extension TrainingConfiguration {
  /// The value of `--wrap`: the environment's wrappers, innermost first, then normalizations.
  ///
  /// The learner keeps the statistics of normalizations, so they do not wrap the environment. At
  /// the end of the list, `observationNormalization` and `rewardNormalization` set
  /// ``normalizesObservations`` and ``normalizesRewards``. At other places they stay among the
  /// environment's wrappers, and ``validate()`` refuses them.
  public var wrappers: [Wrapper] {
    get {
      environment.wrappers + (normalizesObservations ? [.observationNormalization] : [])
        + (normalizesRewards ? [.rewardNormalization(discount: rewardNormalizationDiscount)] : [])
    }
    set {
      var own = newValue
      (normalizesObservations, normalizesRewards) = (false, false)
      rewardNormalizationDiscount = nil
      while let normalization = own.last?.normalization {
        switch normalization {
        case .observations where !normalizesObservations: normalizesObservations = true
        case .rewards(let discount) where !normalizesRewards:
          (normalizesRewards, rewardNormalizationDiscount) = (true, discount)
        default:
          environment.wrappers = own
          return
        }
        own.removeLast()
      }
      environment.wrappers = own
    }
  }

  /// Refuses a normalization that is not at the end of the list.
  func validateWrappers() throws(ConfigurationError) {
    guard let wrapper = environment.wrappers.first(where: { $0.normalization != nil }) else {
      return
    }
    throw ConfigurationError(
      "--wrap \(wrapper) applies to the output of all other wrappers: name it once, after them.",
      option: "wrap")
  }
}
