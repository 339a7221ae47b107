import Rollout

extension TrainingConfiguration {
  /// The value of `--wrap`: the environment's wrappers, innermost first, then normalizations.
  ///
  /// The learner keeps the statistics of normalizations, so they do not wrap the environment. At
  /// the end of the list, `observationNormalisation` and `rewardNormalisation` set
  /// ``normalisesObservations`` and ``normalisesRewards``. At other places they stay among the
  /// environment's wrappers, and ``validate()`` refuses them.
  public var wrappers: [Wrapper] {
    get {
      environment.wrappers + (normalisesObservations ? [.observationNormalisation] : [])
        + (normalisesRewards ? [.rewardNormalisation(discount: rewardNormalisationDiscount)] : [])
    }
    set {
      var own = newValue
      (normalisesObservations, normalisesRewards) = (false, false)
      rewardNormalisationDiscount = nil
      while let normalisation = own.last?.normalisation {
        switch normalisation {
        case .observations where !normalisesObservations: normalisesObservations = true
        case .rewards(let discount) where !normalisesRewards:
          (normalisesRewards, rewardNormalisationDiscount) = (true, discount)
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
    guard let wrapper = environment.wrappers.first(where: { $0.normalisation != nil }) else {
      return
    }
    throw ConfigurationError(
      "--wrap \(wrapper) goes by what comes out of all other wrappers: name it once, behind them.",
      option: "wrap")
  }
}
