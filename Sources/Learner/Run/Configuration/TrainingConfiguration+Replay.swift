import Actor
import Rollout

extension LearnerContext {
  /// Creates a learner from a replay buffer with the configuration's options.
  ///
  /// - Parameters:
  ///   - updatesPerBatch: the mean number of updates after each batch.
  ///   - targetInterval: the number of updates between those of the target networks.
  ///   - makeUpdate: creates the update for the layout of a sample.
  ///   - makeActorUpdate: creates the update of an actor, which comes just before the target
  ///     networks'; nil for none.
  /// - Throws: the errors of `makeUpdate` and `makeActorUpdate`.
  func makeReplay(
    updatesPerBatch: Double, targetInterval: Int,
    makeUpdate: (FragmentLayout) throws -> PolicyUpdate,
    makeActorUpdate: ((FragmentLayout) throws -> PolicyUpdate)? = nil
  ) throws -> ReplayLearner {
    var settings = ReplayLearner.Settings()
    settings.replaySteps = configuration.replaySteps
    settings.firstUpdate = configuration.learningStarts
    settings.sampleEnvironments = configuration.replayBatch / configuration.fragmentSteps
    settings.updatesPerBatch = updatesPerBatch
    settings.targetInterval = targetInterval
    settings.targetRate = configuration.tau
    settings.priorityExponent = configuration.replayPriority
    settings.correction = configuration.replayCorrection
    settings.totalSteps = configuration.totalSteps
    settings.sharedStackDepth = configuration.sharedStackDepth(batchLayout)
    settings.environmentCount = max(
      batchLayout.environmentCount, configuration.actorCount * configuration.environmentsPerActor)
    return try ReplayLearner(
      settings, batchLayout: batchLayout, parameters: setup.parameters, weights: setup.weights,
      random: random, threads: threads, makeUpdate: makeUpdate, makeActorUpdate: makeActorUpdate)
  }

  /// Creates a learner from a replay buffer for an objective with two losses.
  ///
  /// - Parameter actorInterval: the number of the critics' updates between those of the actor and
  ///   of the target networks.
  /// - Throws: `PolicyError` if the objective has one loss, or if the policy lacks an output that
  ///   it needs.
  func makeTwinCriticReplay(actorInterval: Int) throws -> ReplayLearner {
    guard let objective = objective as? any TwinCriticObjective else {
      throw PolicyError(
        """
        --algorithm \(configuration.algorithm.name) learns from two losses, and the objective \
        '\(type(of: objective).name)' has one: use a TwinCriticObjective
        """)
    }
    func makeUpdate(
      _ part: TwinCriticPart, _ layout: FragmentLayout
    ) throws -> PolicyUpdate {
      var objective = objective
      objective.part = part
      return try self.makeUpdate(
        layout, objective, named: part == .actor ? "actor" : nil,
        of: setup.parameters.learning {
          $0.isLearned && $0.name.hasPrefix("critic.") == (part == .critics)
        })
    }
    let stepsPerBatch = batchLayout.stepCount * batchLayout.environmentCount
    return try makeReplay(
      updatesPerBatch: configuration.updatesPerStep * Double(stepsPerBatch),
      targetInterval: actorInterval, makeUpdate: { try makeUpdate(.critics, $0) },
      makeActorUpdate: { try makeUpdate(.actor, $0) })
  }
}

extension TrainingConfiguration {
  /// The schedule of ``ActionRange/warmUpName``, which is above 0 until learning starts.
  var warmUp: ScheduledBuffer {
    ScheduledBuffer(
      ActionRange.warmUpName,
      learningStarts > 0 ? .linear(from: 1, to: 0, steps: learningStarts) : 0)
  }

  /// Refuses options of replay that are out of range or contradict each other.
  func validateReplay() throws(ConfigurationError) {
    try ConfigurationError.check("replay-steps", replaySteps, in: 1...1_000_000_000)
    try ConfigurationError.check("replay-batch", replayBatch, in: 1...1_000_000)
    if !replayBatch.isMultiple(of: fragmentSteps) {
      throw ConfigurationError(
        "--replay-batch \(replayBatch) is not a multiple of --fragment-steps \(fragmentSteps), "
          + "but whole fragments of an environment are sampled: use a multiple.",
        option: "replay-batch")
    }
    if recurrent != .none, fragmentSteps == 1 {
      throw ConfigurationError(
        "--fragment-steps 1 leaves --recurrent \(recurrent.rawValue) nothing to learn: gradients "
          + "pass through the steps of a fragment, so use more than 1, such as 16.",
        option: "fragment-steps")
    }
    try ConfigurationError.check("learning-starts", learningStarts, in: 0...1_000_000_000)
    try validatePriorities()
    try refuse("tau", tau, unless: tau > 0 && tau <= 1, "use a number above 0 and up to 1")
    try ConfigurationError.check("multi-step", multiStep, in: 1...1_000_000)
    if learningStarts >= totalSteps {
      throw ConfigurationError(
        "--learning-starts \(learningStarts) leaves none of --steps \(totalSteps) for learning: "
          + "start learning earlier, or use more --steps.",
        option: "learning-starts")
    }
  }

  private func validatePriorities() throws(ConfigurationError) {
    try refuse(
      "replay-priority", replayPriority, unless: (0...1).contains(replayPriority), "use 0 to 1")
    try refuse(
      "replay-correction", replayCorrection,
      unless: replayCorrection.smallest >= 0 && replayCorrection.largest <= 1, "use 0 to 1")
    guard replayPriority == 0, replayCorrection != Self(algorithm).replayCorrection else { return }
    throw ConfigurationError(
      "--replay-correction \(SettingFormat<Schedule>.schedule.value(replayCorrection).text) has no "
        + "effect with --replay-priority 0: leave it out, or use --replay-priority 0.6.",
      option: "replay-correction")
  }

  /// Refuses options of algorithms with two critics that are out of range, and unscaled actions.
  func validateTwinCritics() throws(ConfigurationError) {
    try validateReplay()
    try refuse(
      "updates-per-step", updatesPerStep, unless: updatesPerStep > 0 && updatesPerStep <= 1000,
      "use a number above 0 and up to 1000")
    if environment.actionBounds == .clip {
      throw ConfigurationError(
        "--action-bounds clip has no use with --algorithm \(algorithm.name), whose actions from "
          + "-1 to 1 have to be scaled to the bounds: leave it out.", option: "action-bounds")
    }
  }

  /// The number of stacked frames of which the replay buffer stores each once.
  ///
  /// It is nil if the outermost wrapper stacks no frames, and for buffers that are small enough to
  /// be saved, whose batches are kept as they are.
  func sharedStackDepth(_ batchLayout: FragmentLayout) -> Int? {
    let byteCount = ReplayBuffer.byteCount(steps: replaySteps, of: batchLayout)
    guard byteCount > ReplayBuffer.largestSavedByteCount + batchLayout.byteCount else { return nil }
    return environment.wrappers.last?.stackDepth
  }

  /// Refuses a replay buffer that is larger than the machine's memory.
  ///
  /// Allocating it would end the process by a signal.
  ///
  /// - Parameters:
  ///   - batchLayout: the layout of the batches, [T, n·B].
  ///   - physicalByteCount: the machine's memory in bytes.
  func validateReplayMemory(
    _ batchLayout: FragmentLayout, physicalByteCount: Int = SystemCalls.physicalByteCount
  ) throws(ConfigurationError) {
    guard algorithm.options.contains("replay-steps") else { return }
    let depth = sharedStackDepth(batchLayout)
    let byteCount = ReplayBuffer.byteCount(steps: replaySteps, of: batchLayout, sharing: depth)
    guard byteCount > physicalByteCount else { return }
    // A buffer for no steps has room for a batch, and for one that is replaced.
    let batchByteCount = ReplayBuffer.byteCount(steps: 0, of: batchLayout, sharing: depth) / 2
    let batchCount = physicalByteCount / 2 / batchByteCount
    let steps = batchCount * batchLayout.stepCount * batchLayout.environmentCount
    let remedy =
      steps > 0
      ? "use at most \(steps), which take half of it"
      : "a single batch takes more than half of it, so use fewer --envs-per-actor or "
        + "--fragment-steps"
    throw ConfigurationError(
      "--replay-steps \(replaySteps) needs \(NumberText.short(Double(byteCount)))B of memory, and "
        + "this machine has \(NumberText.short(Double(physicalByteCount)))B: \(remedy).",
      option: "replay-steps")
  }
}
