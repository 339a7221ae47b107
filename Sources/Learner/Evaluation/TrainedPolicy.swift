import Actor
import Rollout

/// A policy with the weights of a checkpoint, and the environment that it was trained for.
public struct TrainedPolicy {
  /// The environment of the training; its Python is not recorded in the checkpoint.
  public var environment: EnvironmentConfiguration
  /// The policy itself.
  public let policy: any Policy

  /// The spaces of the training; nil for a checkpoint of an earlier release.
  public let spaces: EnvironmentSpaces?

  let checkpoint: Checkpoint

  /// Reads the metadata of a checkpoint.
  ///
  /// - Throws: `CheckpointError` if the file is not a checkpoint of rlplay, `PolicyError` if its
  ///   policy is not registered here.
  public init(_ checkpoint: Checkpoint) throws {
    self.checkpoint = checkpoint
    environment = EnvironmentConfiguration(
      try checkpoint.requiredMetadata(Checkpoint.Key.environment),
      arguments: checkpoint.metadata[Checkpoint.Key.environmentArguments] ?? "")
    policy = try PolicyRegistry.decode(checkpoint.requiredMetadata(Checkpoint.Key.policy))
    let text = try checkpoint.requiredMetadata(Checkpoint.Key.maxEpisodeSteps)
    let format = SettingFormat<EpisodeLimit>.episodeLimit
    // Only the canonical spelling of a positive number of steps is accepted.
    guard let limit = format.parse(text), format.value(limit).text == text,
      (try? EpisodeLimit.validate(limit)) != nil
    else {
      throw CheckpointError(.malformed, "its step limit '\(text)' is not a number of steps")
    }
    environment.limit = limit
    // Checkpoints without this key are older than the choice; their actions were clipped.
    let bounds = checkpoint.metadata[Checkpoint.Key.actionBounds] ?? ActionBounds.clip.rawValue
    guard let bounds = ActionBounds(rawValue: bounds) else {
      throw CheckpointError(
        .malformed, "its \(Checkpoint.Key.actionBounds) '\(bounds)' is neither scale nor clip")
    }
    environment.actionBounds = bounds
    if let text = checkpoint.metadata[Checkpoint.Key.information] {
      guard let names = SettingFormat<[String]>.names.parse(text) else {
        throw CheckpointError(
          .malformed, "its \(Checkpoint.Key.information) '\(text)' is not a list of names")
      }
      environment.information = names
    }
    if let text = checkpoint.metadata[Checkpoint.Key.gymnasiumWrappers] {
      guard let calls = SettingFormat.pythonCalls(orWord: "").parse(text) else {
        throw CheckpointError(
          .malformed, "its \(Checkpoint.Key.gymnasiumWrappers) '\(text)' is not a list of wrappers")
      }
      environment.gymnasiumWrappers = calls
    }
    do {
      let text = checkpoint.metadata[Checkpoint.Key.spaces]
      spaces = try text.map { try EnvironmentSpaces(json: $0) }
    } catch {
      throw CheckpointError(.malformed, "its spaces \(error)")
    }
    do {
      let names = checkpoint.metadata[Checkpoint.Key.wrappers]
      environment.wrappers = try names.map { try Wrapper.list(parsing: $0) } ?? []
    } catch {
      throw CheckpointError(.malformed, "its list of wrappers \(error)")
    }
  }

  /// Plays episodes.
  ///
  /// - Parameters:
  ///   - episodes: the number of episodes.
  ///   - choice: `.sample` to draw actions, `.greedy` to take the likeliest.
  ///   - seed: the root of the episodes' random streams.
  ///   - spectators: the spectators. If there are any, the same episodes are played one after the
  ///     other.
  ///   - say: receives occasional progress messages if playing takes longer than ten seconds.
  ///   - isInterrupted: called before each step; returns true to stop.
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `PolicyError`,
  ///   `EnvironmentFault`, `CheckpointError` if the weights do not match the network,
  ///   `Interrupted`, or a spectator's error.
  public func evaluate(
    episodes: Int, choice: ActionChoice, seed: UInt64,
    before spectators: [any EpisodeSpectator] = [], say: (String) -> Void = { _ in },
    isInterrupted: () -> Bool = { false }
  ) throws -> EvaluationResult {
    // Checks that need the file alone come before any environment is made or started.
    if let spaces { _ = try weights(of: PolicySignature(policy, for: spaces).parameters) }
    let played = try environment.spaces()
    try check(played)
    let evaluator = try Evaluator(
      environment: environment, policy: policy, choice: choice, seed: seed, spaces: played)
    let weights = FlatVector(try weights(of: evaluator.parameters))
    if spectators.isEmpty {
      return try evaluator.evaluate(
        weights, episodes: 0..<episodes, say: say, isInterrupted: isInterrupted)
    }
    return try evaluator.evaluate(
      weights, episodes: 0..<episodes, before: spectators, isInterrupted: isInterrupted)
  }

  /// Returns the policy to ask about single observations.
  ///
  /// ```swift
  /// let policy = try TrainedPolicy(Checkpoint.load(from: directory.bestCheckpoint)).probe()
  /// let answer = try policy.act(on: 3)
  /// print(answer.choice ?? 0, answer.probabilities ?? [], answer.value ?? 0)
  /// ```
  ///
  /// Observations are those of the wrapped environment. Statistics that normalize them are part of
  /// the weights and apply. No environment is made and no program started.
  ///
  /// - Throws: `CheckpointError` if the weights do not match the network, `PolicyError`, or
  ///   `ConfigurationError` for a checkpoint of an earlier release, without spaces, of an
  ///   environment that starts a program.
  public func probe() throws -> PolicyProbe {
    let (spaces, weights) = try spacesAndWeights()
    return try PolicyProbe(policy, weights: weights, for: spaces)
  }

  /// Returns the policy as a file for other programs.
  ///
  /// No environment is made and no program started.
  ///
  /// - Throws: the errors of ``probe()``, and `CheckpointError` for weights that are not finite.
  public func exported() throws -> ExportedPolicy {
    let (spaces, weights) = try spacesAndWeights()
    for parameter in checkpoint.parameters { try parameter.checkFinite() }
    let recorded = [
      Checkpoint.Key.environment, Checkpoint.Key.environmentArguments,
      Checkpoint.Key.gymnasiumWrappers, Checkpoint.Key.wrappers, Checkpoint.Key.algorithm,
      Checkpoint.Key.policy, Checkpoint.Key.spaces,
    ]
    return try ExportedPolicy(
      policy, weights: weights, for: spaces, actionBounds: environment.actionBounds,
      facts: recorded.compactMap { name in checkpoint.metadata[name].map { (name, $0) } })
  }

  private func spacesAndWeights() throws -> (EnvironmentSpaces, FlatVector<Float>) {
    guard let spaces = try knownSpaces() else {
      throw ConfigurationError(
        "The checkpoint has no spaces, since an earlier release wrote it, and \(environment) would "
          + "have to be started to learn them: train and save it with this release.")
    }
    return (spaces, FlatVector(try weights(of: PolicySignature(policy, for: spaces).parameters)))
  }

  /// Returns the spaces if the checkpoint or this program knows them.
  func knownSpaces() throws -> EnvironmentSpaces? {
    try spaces ?? (environment.startsProgram ? nil : environment.spaces())
  }

  /// Rejects an environment whose spaces differ from those of the training.
  ///
  /// - Throws: `ConfigurationError` that names both.
  private func check(_ played: EnvironmentSpaces) throws(ConfigurationError) {
    guard let spaces,
      !played.observation.showsSame(as: spaces.observation) || played.action != spaces.action
    else { return }
    throw ConfigurationError(
      "\(environment) has the observation \(played.observation) and the action \(played.action), "
        + "and the policy was trained on \(spaces.observation) and \(spaces.action): name an "
        + "environment with these spaces.",
      option: "env")
  }

  /// Returns the checkpoint's weights in the order of a network's parameters.
  ///
  /// - Throws: `CheckpointError` if they do not match the network.
  func weights(of parameters: ParameterLayout) throws(CheckpointError) -> [Float] {
    try checkpoint.parameters(matching: parameters.entries.map { ($0.name, $0.shape) })
  }
}

extension EvaluationResult {
  /// The JSON object that ends standard output with `--json`.
  public var json: String {
    var object = OrderedJSON()
    object.set("episodes", returns.count)
    object.set("mean_return", meanReturn)
    object.set("std_return", standardDeviation)
    object.set("min_return", minimumReturn)
    object.set("max_return", maximumReturn)
    object.set("mean_length", meanLength)
    object.set("truncated_episodes", truncatedCount)
    for (name, mean) in meanInformation { object.set(name, mean) }
    return object.encoded()
  }
}
