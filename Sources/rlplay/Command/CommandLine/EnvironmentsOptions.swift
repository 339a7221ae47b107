import Learner
import Rollout

/// The options of `rlplay envs`.
struct EnvironmentsOptions: Equatable, Sendable {
  /// True to print the list as one JSON object.
  var endsWithJSON = false

  static let settings: [Setting<EnvironmentsOptions>] = [
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .options,
      "Show the list as one JSON object.")
  ]
}

extension Command {
  static let environments = Command(
    name: "envs",
    summary: "List the environments to train on, and the wrappers.",
    options: CommandOption.all(EnvironmentsOptions.settings, defaults: EnvironmentsOptions()),
    interpret: { (parsed) throws(ConfigurationError) in
      var options = EnvironmentsOptions()
      try parsed.apply(EnvironmentsOptions.settings, to: &options)
      return .environments(options)
    })
}
