extension TrainingConfiguration {
  /// Refuses numbers out of range, and options that the algorithm or optimizer would ignore.
  func validateLearning() throws(ConfigurationError) {
    try refuseUnused()
    try refuse("gamma", gamma, unless: (0...1).contains(gamma), "use 0 to 1")
    try refuse(
      "entropy-cost", entropyCost, unless: entropyCost.smallest >= 0 && entropyCost.isFinite,
      "use 0 or a small positive number, such as 0.01")
    let environmentCount = environmentsPerActor * fragmentsPerBatch
    if algorithm == .reinforce, baseline == .mean, environmentCount < 2 {
      throw ConfigurationError(
        "--baseline mean needs several environments in a batch and has 1: "
          + "use --envs-per-actor or --fragments-per-batch of at least 2, or --baseline none.",
        option: "baseline")
    }
    try refuse(
      "value-cost", valueCost, unless: valueCost >= 0 && valueCost.isFinite,
      "use 0 or a positive number, such as 0.5")
    try refuseWithoutValue("value-cost")
    try refuseWithoutValue("bootstrap")
    try refuse(
      "rho-clip", rhoClip, unless: rhoClip > 0, "use a positive number, or inf for no limit")
    try validateAdvantages()
    try validatePasses(environmentCount)
    if algorithm == .dqn { try validateReplay() }
    try validateOptimizer()
    try refuse(
      "max-grad-norm", maximumGradientNorm, unless: maximumGradientNorm > 0,
      "use a positive number, or inf for no limit")
  }

  /// Refuses a changed option that REINFORCE ignores because it learns no value estimate.
  private func refuseWithoutValue(_ option: String) throws(ConfigurationError) {
    guard algorithm == .reinforce, !learnsValue,
      let setting = Self.settings.first(where: { $0.name == option })
    else { return }
    let value = setting.read(self)
    guard value != setting.read(Self()) else { return }
    throw ConfigurationError(
      "--\(option) \(value.text) has no effect with --baseline \(baseline.rawValue): leave it out, "
        + "or use --baseline value.",
      option: option)
  }

  private func validateOptimizer() throws(ConfigurationError) {
    try refuse(
      "momentum", momentum, unless: momentum >= 0 && momentum < 1, "use 0 to below 1, such as 0.9")
    try refuseUnused("momentum", \.momentum, by: [.sgd, .rmsprop])
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
    // The algorithm's default is accepted, and ignored if no value estimate is learned.
    guard algorithm == .reinforce, !learnsValue,
      valueLearningRate != Self(algorithm).valueLearningRate
    else { return }
    let text = SettingFormat<Double>.number.value(valueLearningRate).text
    throw ConfigurationError(
      "--value-learning-rate \(text) needs a learned value and --baseline "
        + "\(baseline.rawValue) learns none: leave it out, or use --baseline value.",
      option: "value-learning-rate")
  }

  /// Refuses a changed number that the optimizer ignores.
  private func refuseUnused(
    _ option: String, _ field: KeyPath<Self, Double>, by users: [OptimizerKind]
  ) throws(ConfigurationError) {
    let value = self[keyPath: field]
    guard value != Self()[keyPath: field], !users.contains(optimizer) else { return }
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
      "clip", clip, unless: clip > 0 && clip < 1, "use a number between 0 and 1, such as 0.2")
    try refuse(
      "value-clip", valueClip, unless: valueClip > 0, "use a positive number, or inf for no limit")
    try refuse(
      "trace-clip", traceClip, unless: traceClip > 0, "use a positive number, or inf for no limit")
  }

  private func validatePasses(_ environmentCount: Int) throws(ConfigurationError) {
    try ConfigurationError.check("epochs", epochs, in: 1...1000)
    try ConfigurationError.check("minibatches", minibatches, in: 1...environmentCount)
    if !environmentCount.isMultiple(of: minibatches) {
      throw ConfigurationError(
        "--minibatches \(minibatches) does not divide the \(environmentCount) environments of a "
          + "batch (--envs-per-actor times --fragments-per-batch): use a number that does.",
        option: "minibatches")
    }
    if algorithm == .reinforce, baseline == .mean, environmentCount / minibatches < 2 {
      throw ConfigurationError(
        "--minibatches \(minibatches) leaves 1 environment for --baseline mean, which needs "
          + "several: use fewer, or --baseline none.",
        option: "minibatches")
    }
    try refuse(
      "target-kl", targetDivergence, unless: targetDivergence > 0,
      "use a small positive number, such as 0.01, or inf for never")
  }

  private func validateReplay() throws(ConfigurationError) {
    try refuse(
      "epsilon", epsilon, unless: epsilon.smallest >= 0 && epsilon.largest <= 1, "use 0 to 1")
    try ConfigurationError.check("replay-steps", replaySteps, in: 1...1_000_000_000)
    try ConfigurationError.check("replay-batch", replayBatch, in: 1...1_000_000)
    if !replayBatch.isMultiple(of: fragmentSteps) {
      throw ConfigurationError(
        "--replay-batch \(replayBatch) is not a multiple of --fragment-steps \(fragmentSteps), "
          + "but whole fragments of an environment are sampled: use a multiple.",
        option: "replay-batch")
    }
    try ConfigurationError.check("learning-starts", learningStarts, in: 0...1_000_000_000)
    try ConfigurationError.check("updates-per-batch", updatesPerBatch, in: 1...10_000)
    try ConfigurationError.check("target-every", targetEvery, in: 1...1_000_000_000)
  }

  /// Refuses changed options that the algorithm ignores.
  private func refuseUnused() throws(ConfigurationError) {
    let usual = Self(algorithm)
    for setting in Self.settings {
      guard let users = Self.users[setting.name], !users.contains(algorithm) else { continue }
      let value = setting.read(self)
      guard value != setting.read(usual) else { continue }
      let shown =
        switch (setting.kind, value) {
        case (.toggle(let off), .boolean(let isOn)): isOn ? setting.name : off
        default: "\(setting.name) \(value.text)"
        }
      throw ConfigurationError(
        "--\(shown) has no effect with --algorithm \(algorithm.rawValue): leave it out, "
          + "or use --algorithm \(Self.choice(of: users.map(\.rawValue))).",
        option: setting.name)
    }
  }
}
