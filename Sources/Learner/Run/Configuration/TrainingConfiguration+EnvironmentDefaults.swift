import Actor
import Rollout

// Defaults for environments that are not built in. Those of an algorithm suit CartPole and similar
// tasks, and hold for built-in environments.

extension TrainingConfiguration {
  /// Defaults that were chosen for an environment.
  package struct Adaptation: Equatable {
    /// The configuration with these defaults.
    package var configuration: TrainingConfiguration
    /// Two lines for people: the reasons, and the options that differ from the defaults.
    package var lines: [String]
  }

  /// Options of which none is chosen if one of them is given, because their values belong together.
  private static let groups: [Set<String>] = [
    [
      "collector", "actors", "envs-per-actor", "fragment-steps", "buffers", "fragments-per-batch",
      "deterministic", "lag", "max-lag", "sticky", "updates-per-batch",
    ],
    ["torso", "hidden", "activation", "shared-torso"],
    ["epochs", "minibatches", "minibatch-size", "minibatch-of"],
    ["optimizer", "learning-rate", "value-learning-rate", "adam-epsilon"],
    ["replay-steps", "replay-batch", "learning-starts", "target-every", "tau"],
    ["eval-every", "eval-episodes"],
  ]

  /// Returns the configuration with the defaults for its environment in place of the algorithm's.
  ///
  /// Options that are given stay, and so does the rest of their group.
  ///
  /// - Parameter given: the names of the options that a command line or a file gives.
  /// - Returns: nil for a built-in environment, or if nothing is to be changed.
  /// - Throws: the errors of finding out the environment's spaces, which may start Python.
  package func adapted(keeping given: Set<String>) throws -> Adaptation? {
    guard !EnvironmentRegistry.isBuiltIn(environment.id) else { return nil }
    try environment.validate()
    let spaces = try ExitGuard.during("the start of the run") { try environment.spaces() }
    return adapted(
      to: EnvironmentTraits(
        spaces, isPython: environment.startsProgram,
        episodeSteps: try environment.longestEpisode(spaces)),
      keeping: given)
  }

  /// Returns the configuration with the defaults for an environment of these properties.
  package func adapted(to traits: EnvironmentTraits, keeping given: Set<String>) -> Adaptation? {
    var adapted = adopting(given) { algorithm.environmentDefaults(&$0, traits) }
    // These depend on the number of workers and the size of a batch.
    adapted = adapted.adopting(given) {
      $0.minibatchSize = $0.minibatchSize.map { min($0, adapted.batchUnitCount) }
      $0.adoptEvaluations(traits)
    }
    // The given options may contradict what was chosen beside them, and count more.
    guard adapted != self, (try? adapted.validate()) != nil else { return nil }
    let chosen = Self.settings.compactMap { setting in
      let value = setting.read(adapted)
      return value == setting.read(self) ? nil : setting.words(for: value)
    }
    return Adaptation(
      configuration: adapted,
      lines: [
        "defaults for \(environment.id.escapingControls): \(traits.text)",
        "chosen are \(chosen.joined(separator: " ")); given options replace them",
      ])
  }

  /// Returns the configuration with changes to options of which no group has a given one.
  private func adopting(
    _ given: Set<String>, _ change: (inout TrainingConfiguration) -> Void
  ) -> TrainingConfiguration {
    var (usual, result) = (self, self)
    change(&usual)
    for setting in Self.settings {
      let group = Self.groups.first { $0.contains(setting.name) } ?? [setting.name]
      guard setting.read(usual) != setting.read(self), group.isDisjoint(with: given) else {
        continue
      }
      setting.copy(from: usual, to: &result)
    }
    return result
  }

  // MARK: Parts of defaults

  /// Sets the network for images: DQN's convolutions and 512 units, shared by policy and value.
  package mutating func adoptImageNetwork() {
    guard networkInputs.contains(.obs) else { return }
    torso = .nature
    hiddenSizes = nil
    activation = .relu
    sharedTorso = true
  }

  /// Divides environments among workers: as many workers as processors, and a batch of all of them.
  ///
  /// - Parameters:
  ///   - traits: the properties of environment and machine.
  ///   - environmentCount: the number of environments of all workers, a power of two. The number
  ///     of workers is a power of two as well, so that learning does not depend on the machine.
  ///   - stepCount: the number of steps of a fragment; nil for that of the algorithm.
  package mutating func adoptWorkers(
    _ traits: EnvironmentTraits, environmentCount: Int, stepCount: Int? = nil
  ) {
    var workerCount = 1
    while 2 * workerCount <= min(traits.processorCount, environmentCount) { workerCount *= 2 }
    actorCount = workerCount
    environmentsPerActor = environmentCount / workerCount
    fragmentsPerBatch = workerCount
    bufferCount = 2 * workerCount
    if let stepCount { fragmentSteps = stepCount }
  }

  /// Sets minibatches of single steps, as PPO is published, if the network has no memory.
  package mutating func adoptStepMinibatches(size: Int, epochs: Int) {
    guard recurrent == .none, !sticky else { return }
    minibatchUnit = .steps
    minibatchSize = size
    self.epochs = epochs
  }

  /// The number of steps that an episode is taken to have if its limit is not known.
  static let assumedEpisodeSteps = 1000

  /// Sets evaluations that take no more than a tenth of the time of training.
  ///
  /// All episodes are taken to have the largest number of steps. The steps of an evaluation are
  /// made by one process, and those of training by all workers.
  mutating func adoptEvaluations(_ traits: EnvironmentTraits) {
    let workerCount = collector == .multi ? actorCount : 1
    let stepsOfEpisode = traits.episodeSteps ?? Self.assumedEpisodeSteps
    func interval(_ episodes: Int) -> Int {
      let (steps, isBeyond) = (10 * workerCount * episodes)
        .multipliedReportingOverflow(by: stepsOfEpisode)
      return isBeyond ? .max : steps
    }
    // Fewer episodes rather than less than ten evaluations of a run.
    let usual = 25_000
    evaluationEpisodes = [20, 10].first { interval($0) <= max(usual, totalSteps / 10) } ?? 5
    evaluateEvery = .steps(min(max(usual, interval(evaluationEpisodes)), 1_000_000_000_000_000))
  }
}

extension Setting {
  /// Copies the value from one configuration to another.
  fileprivate func copy(from source: Configuration, to target: inout Configuration) {
    do {
      try write(&target, read(source), from: "the defaults")
    } catch {
      preconditionFailure("the option \(name) cannot be copied: \(error)")
    }
  }

  /// Returns the option with a value as on a command line.
  fileprivate func words(for value: SettingValue) -> String {
    switch (kind, value) {
    case (.toggle(let off), .boolean(let isOn)): "--\(isOn ? name : off)"
    default: "--\(name) \(value.text)"
    }
  }
}
