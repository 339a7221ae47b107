import Actor
public import Rollout

extension Checkpoint {
  /// Creates the checkpoint of weights, as `rlplay evaluate`, `describe` and `report` read it.
  ///
  /// - Parameters:
  ///   - weights: the weights, in the order of the setup's parameters.
  ///   - setup: the environment and the policy.
  ///   - algorithm: the algorithm's name.
  ///   - steps: the environment steps that the weights have learned from.
  ///   - updates: the number of updates behind them.
  public init(
    _ weights: FlatVector<Float>, of setup: RolloutSetup, algorithm: String, steps: Int,
    updates: Int
  ) {
    let environment = setup.environment
    var metadata = [
      Key.environment: environment.id,
      Key.maxEpisodeSteps: SettingFormat.episodeLimit.value(environment.limit).text,
      Key.spaces: setup.layout.contents.spaces.json,
      Key.policy: PolicyRegistry.encode(setup.policy),
      Key.algorithm: algorithm,
      Key.environmentSteps: "\(steps)",
      Key.updates: "\(updates)",
    ]
    // The following keys are left out if they have no content.
    if !environment.arguments.isEmpty {
      metadata[Key.environmentArguments] = environment.arguments
    }
    if !environment.wrappers.isEmpty {
      metadata[Key.wrappers] = SettingFormat.wrappers.value(environment.wrappers).text
    }
    if !environment.information.isEmpty {
      metadata[Key.information] = environment.information.joined(separator: ",")
    }
    if !environment.gymnasiumWrappers.isEmpty {
      metadata[Key.gymnasiumWrappers] = environment.gymnasiumWrappers.joined(separator: ",")
    }
    if let mode = setup.layout.contents.spaces.declared?.autoreset {
      metadata[Key.autoreset] = mode.rawValue
    }
    if setup.layout.contents.spaces.action.hasBounds {
      metadata[Key.actionBounds] = environment.actionBounds.rawValue
    }
    self.init(
      metadata: metadata,
      parameters: setup.parameters.entries.map { entry in
        .init(name: entry.name, shape: entry.shape, values: entry.range.map { weights[$0] })
      })
  }
}
