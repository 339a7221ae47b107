import Rollout

extension TrainingConfiguration {
  /// What `--wrap` takes: the environment's own wrappers, the innermost first, and behind them what is normalised.
  ///
  /// The statistics for that are kept by the learner, so no environment is wrapped: whatever of `observationNormalisation` and
  /// `rewardNormalisation` ends the list sets ``normalisesObservations`` and ``normalisesRewards``. Further in they stay
  /// among the environment's own, where ``validate()`` refuses them.
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

  /// Refuses a normalisation that is not at the end of the list.
  func validateWrappers() throws(ConfigurationError) {
    guard let wrapper = environment.wrappers.first(where: { $0.normalisation != nil }) else {
      return
    }
    throw ConfigurationError(
      "--wrap \(wrapper) goes by what comes out of all other wrappers: name it once, behind them.",
      option: "wrap")
  }
}
