import Rollout

extension TrainingConfiguration {
  /// Refuses numbers out of range and options that contradict each other.
  ///
  /// It does not check that the environment exists or that the run directory can be written.
  ///
  /// - Throws: `ConfigurationError` for the first mistake found. The groups of options are
  ///   checked in the order of the help screen, and those of the algorithm alone come last.
  public func validate() throws(ConfigurationError) {
    try EpisodeLimit.validate(environment.limit)
    try validateWrappers()
    try validateCollection()
    try validateNetwork()
    try validateLearning()
    try validateRun()
    try algorithm.validate(self)
  }

  private func validateCollection() throws(ConfigurationError) {
    // The upper limits are far beyond any use, and keep computed sizes from overflowing.
    try ConfigurationError.check("actors", actorCount, in: 1...1024)
    try ConfigurationError.check("envs-per-actor", environmentsPerActor, in: 1...65_536)
    try ConfigurationError.check("fragment-steps", fragmentSteps, in: 1...65_536)
    try ConfigurationError.check("buffers", bufferCount, in: 1...65_536)
    try ConfigurationError.check("fragments-per-batch", fragmentsPerBatch, in: 1...4096)
    if let policyLag {
      try ConfigurationError.check("lag", policyLag, in: 0...4096)
      if collector == .multi, !deterministic {
        throw ConfigurationError(
          "--lag \(policyLag) cannot be held by asynchronous workers: "
            + "add --deterministic, or use --collector same or single.",
          option: "lag")
      }
    }
    if let maximumPolicyLag {
      try ConfigurationError.check("max-lag", maximumPolicyLag, in: 0...1_000_000)
      if let policyLag, policyLag > maximumPolicyLag {
        throw ConfigurationError(
          "--max-lag \(maximumPolicyLag) is below --lag \(policyLag): leave one of them out.",
          option: "max-lag")
      }
    }
    try ConfigurationError.checkTimeouts(
      hang: environment.hangTimeoutSeconds, close: environment.closeTimeoutSeconds)
    guard collector == .multi else { return }
    // A worker without a buffer of its own could only wait until others are freed.
    if bufferCount < actorCount {
      throw ConfigurationError(
        "--buffers \(bufferCount) is too few for --actors \(actorCount): "
          + "use at least \(actorCount), one for each actor, and preferably some more.",
        option: "buffers")
    }
    if bufferCount < fragmentsPerBatch {
      throw ConfigurationError(
        "--buffers \(bufferCount) is too few for --fragments-per-batch \(fragmentsPerBatch): "
          + "use at least \(fragmentsPerBatch), or smaller batches.",
        option: "buffers")
    }
  }

  private func validateEvaluationInterval() throws(ConfigurationError) {
    switch evaluateEvery {
    case .steps(let count):
      try ConfigurationError.check("eval-every", count, in: 0...1_000_000_000_000_000)
    case .updates(let count):
      try ConfigurationError.check("eval-every", count, in: 1...1_000_000_000_000)
    case .seconds(let seconds):
      guard (0.001...1e9).contains(seconds) else {
        throw ConfigurationError(
          "--eval-every \(SettingFormat.evaluationInterval.value(evaluateEvery).text) is not "
            + "possible: use a number from 0.001s to 1000000000s, or 0 for no evaluation.",
          option: "eval-every")
      }
    }
    guard let evaluationWorkers else { return }
    try ConfigurationError.check("eval-workers", evaluationWorkers, in: 0...1024)
    guard evaluationWorkers > 0, deterministic || collector == .same else { return }
    throw ConfigurationError(
      "--eval-workers \(evaluationWorkers) is not possible with "
        + (deterministic ? "--deterministic" : "--collector same")
        + ", where training waits for each evaluation: leave --eval-workers out.",
      option: "eval-workers")
  }

  private func validateRun() throws(ConfigurationError) {
    try ConfigurationError.check("steps", totalSteps, in: 1...1_000_000_000_000_000)
    if let untilReturn {
      try refuse(
        "until-return", untilReturn, unless: untilReturn.isFinite,
        "use a finite number, or none to train for all steps")
      if evaluateEvery.isNever {
        throw ConfigurationError(
          "--until-return needs evaluations and --eval-every 0 makes none: give --eval-every.",
          option: "eval-every")
      }
    }
    if runDirectory == "" {
      throw ConfigurationError(
        "--run-dir is empty: name a directory, or auto for one under runs/.", option: "run-dir")
    }
    try validateEvaluationInterval()
    try ConfigurationError.check("eval-episodes", evaluationEpisodes, in: 1...1_000_000)
    try EpisodeLimit.validate(evaluationEpisodeSteps, option: "eval-episode-steps")
    if let learnerThreads {
      try ConfigurationError.check("learner-threads", learnerThreads, in: 1...64)
    }
    if let saveEvery {
      try ConfigurationError.check("save-every", saveEvery, in: 0...1_000_000_000_000_000)
    }
    try ConfigurationError.check("keep-checkpoints", keptCheckpoints, in: 0...1_000_000)
    switch metricsInterval {
    case .updates(let count):
      try ConfigurationError.check("log-every", count, in: 1...1_000_000_000)
    case .seconds(let seconds):
      guard seconds > 0, seconds.isFinite else {
        let text = SettingFormat.metricsInterval.value(metricsInterval).text
        throw ConfigurationError(
          "--log-every \(text) is out of range: use a positive number of seconds, or 1 for every "
            + "update.", option: "log-every")
      }
    }
  }

  func refuse(
    _ option: String, _ value: Double, unless isValid: Bool, _ remedy: String
  ) throws(ConfigurationError) {
    try refuse(option, .constant(value), unless: isValid, remedy)
  }

  func refuse(
    _ option: String, _ value: Schedule, unless isValid: Bool, _ remedy: String
  ) throws(ConfigurationError) {
    guard !isValid else { return }
    let text = SettingFormat<Schedule>.schedule.value(value).text
    throw ConfigurationError("--\(option) \(text) is out of range: \(remedy).", option: option)
  }
}

extension EpisodeLimit {
  /// Refuses a number of steps out of range.
  ///
  /// - Parameter option: the name of the option for the error.
  package static func validate(
    _ limit: EpisodeLimit, option: String = "max-episode-steps"
  ) throws(ConfigurationError) {
    guard case .steps(let count) = limit else { return }
    try ConfigurationError.check(option, count, in: 1...1_000_000_000)
  }
}
