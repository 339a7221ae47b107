import Actor
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

  /// Refuses numbers out of range, and options that the algorithm or optimizer would ignore.
  private func validateLearning() throws(ConfigurationError) {
    try refuseUnused()
    try refuse("gamma", gamma, unless: (0...1).contains(gamma), "use 0 to 1")
    try refuse(
      "entropy-cost", entropyCost, unless: entropyCost.smallest >= 0 && entropyCost.isFinite,
      "use 0 or a small positive number, such as 0.01")
    try refuse(
      "value-cost", valueCost, unless: valueCost >= 0 && valueCost.isFinite,
      "use 0 or a positive number, such as 0.5")
    try refuse(
      "rho-clip", rhoClip, unless: rhoClip > 0, "use a positive number, or inf for no limit")
    try validateAdvantages()
    try validatePasses()
    try validateOptimizer()
    try refuse(
      "max-grad-norm", maximumGradientNorm, unless: maximumGradientNorm > 0,
      "use a positive number, or inf for no limit")
  }

  private func validateOptimizer() throws(ConfigurationError) {
    try refuse(
      "momentum", momentum, unless: momentum >= 0 && momentum < 1, "use 0 to below 1, such as 0.9")
    try refuseUnused("momentum", \.momentum, by: [.sgd, .rmsprop])
    for (option, field) in [
      ("adam-epsilon", \Self.adamEpsilon), ("rmsprop-epsilon", \Self.rmspropEpsilon),
    ] {
      try refuse(
        option, self[keyPath: field],
        unless: self[keyPath: field] > 0 && self[keyPath: field].isFinite,
        "use a small positive number, such as 1e-8")
    }
    try refuseUnused("adam-epsilon", \.adamEpsilon, by: [.adam, .adamw])
    try refuseUnused("rmsprop-epsilon", \.rmspropEpsilon, by: [.rmsprop])
    try refuse(
      "weight-decay", weightDecay, unless: weightDecay >= 0 && weightDecay.isFinite,
      "use 0 or a small positive number, such as 0.01")
    try refuseUnused("weight-decay", \.weightDecay, by: [.adamw])
    // A schedule may begin or end at 0, but not be 0 throughout.
    try refuse(
      "learning-rate", learningRate,
      unless: learningRate.smallest >= 0 && learningRate.largest > 0 && learningRate.isFinite,
      "use a small positive number, such as 0.01")
    guard let valueLearningRate else { return }
    try refuse(
      "value-learning-rate", valueLearningRate,
      unless: valueLearningRate > 0 && valueLearningRate.isFinite,
      "use a small positive number, such as 0.01, or same")
  }

  /// Refuses a changed number that the optimizer ignores.
  private func refuseUnused(
    _ option: String, _ field: KeyPath<Self, Double>, by users: [OptimizerKind]
  ) throws(ConfigurationError) {
    let value = self[keyPath: field]
    guard value != Self(algorithm)[keyPath: field], !users.contains(optimizer) else { return }
    let text = SettingFormat<Double>.number.value(value).text
    throw ConfigurationError(
      "--\(option) \(text) has no effect with --optimizer \(optimizer.rawValue): leave it out, "
        + "or use --optimizer \(Self.choice(of: users.map(\.rawValue))).",
      option: option)
  }

  /// Returns the words as "a, b or c".
  private static func choice(of words: [String]) -> String {
    guard words.count > 1, let last = words.last else { return words.joined() }
    return words.dropLast().joined(separator: ", ") + " or " + last
  }

  private func validateAdvantages() throws(ConfigurationError) {
    try refuse("lambda", lambda, unless: (0...1).contains(lambda), "use 0 to 1")
    try refuse(
      "clip", clip, unless: clip.smallest >= 0 && clip.largest > 0 && clip.largest < 1,
      "use a number between 0 and 1, such as 0.2")
    try refuse(
      "value-clip", valueClip, unless: valueClip > 0, "use a positive number, or inf for no limit")
    try refuse(
      "trace-clip", traceClip, unless: traceClip > 0, "use a positive number, or inf for no limit")
  }

  private func validatePasses() throws(ConfigurationError) {
    try ConfigurationError.check("epochs", epochs, in: 1...1000)
    try ConfigurationError.check("minibatches", minibatches, in: 1...batchUnitCount)
    if minibatchUnit == .environments, !batchUnitCount.isMultiple(of: minibatches) {
      throw ConfigurationError(
        "--minibatches \(minibatches) does not divide the \(batchUnitCount) environments of a "
          + "batch (--envs-per-actor times --fragments-per-batch): use a number that does.",
        option: "minibatches")
    }
    try validateMinibatchUnits()
    if normalizationScope != Self(algorithm).normalizationScope, !normalizeAdvantages {
      throw ConfigurationError(
        "--normalize-over \(normalizationScope.rawValue) has no effect with "
          + "--no-normalize-advantages: leave one of them out.", option: "normalize-over")
    }
    try refuse(
      "target-kl", targetDivergence, unless: targetDivergence > 0,
      "use a small positive number, such as 0.01, or inf for never")
  }

  private func validateMinibatchUnits() throws(ConfigurationError) {
    if minibatchUnit == .steps, recurrent != .none {
      throw ConfigurationError(
        "--minibatch-of steps has no use for --recurrent \(recurrent.rawValue), whose state is "
          + "known at the start of a fragment only: use --minibatch-of environments.",
        option: "minibatch-of")
    }
    if minibatchUnit == .steps, batchUnitCount > Int32.max {
      throw ConfigurationError(
        "--minibatch-of steps is for batches of up to \(Int32.max) steps and this one has "
          + "\(batchUnitCount): use smaller batches.", option: "minibatch-of")
    }
    guard let minibatchSize else { return }
    try ConfigurationError.check(
      "minibatch-size", minibatchSize, in: 1...batchUnitCount * stepsPerUnit)
    if !minibatchSize.isMultiple(of: stepsPerUnit) {
      throw ConfigurationError(
        "--minibatch-size \(minibatchSize) is not a multiple of --fragment-steps "
          + "\(fragmentSteps), but minibatches are of whole environments: use a multiple, or "
          + "--minibatch-of steps.", option: "minibatch-size")
    }
    if minibatches != Self(algorithm).minibatches {
      throw ConfigurationError(
        "--minibatches \(minibatches) has no effect with --minibatch-size \(minibatchSize): leave "
          + "one of them out.", option: "minibatches")
    }
  }

  /// Refuses changed options that the algorithm ignores.
  private func refuseUnused() throws(ConfigurationError) {
    let usual = Self(algorithm)
    for setting in Self.settings {
      guard AlgorithmRegistry.optionsOfSome.contains(setting.name),
        !algorithm.options.contains(setting.name)
      else { continue }
      let value = setting.read(self)
      guard value != setting.read(usual) else { continue }
      let shown =
        switch (setting.kind, value) {
        case (.toggle(let off), .boolean(let isOn)): isOn ? setting.name : off
        default: "\(setting.name) \(value.text)"
        }
      let users = Algorithm.allCases.filter { $0.options.contains(setting.name) }
      throw ConfigurationError(
        "--\(shown) has no effect with --algorithm \(algorithm.name): leave it out, "
          + "or use --algorithm \(Self.choice(of: users.map(\.name))).",
        option: setting.name)
    }
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
