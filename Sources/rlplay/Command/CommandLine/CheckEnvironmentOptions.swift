import Learner
import Rollout

/// The options of `rlplay check-env`.
struct CheckEnvironmentOptions: Equatable, Sendable {
  /// The environment to check.
  var environment: EnvironmentConfiguration = ""
  /// The number of steps of each environment.
  var stepCount = 1000
  /// The root of every random stream.
  var seed: UInt64 = 0
  /// True to end standard output with one JSON object.
  var endsWithJSON = false

  static let settings: [Setting<CheckEnvironmentOptions>] = [
    .environmentArguments(\.environment.arguments, in: .options),
    .episodeLimit(\.environment.limit, in: .options),
    .python(\.environment.python, in: .options),
    .information(\.environment.information, in: .options),
    .gymnasiumWrappers(\.environment.gymnasiumWrappers, in: .options),
    .wrappers(\.environment.wrappers, in: .options),
    .hangTimeout(\.environment.hangTimeoutSeconds, in: .options, "End with an error"),
    .closeTimeout(\.environment.closeTimeoutSeconds, in: .options),
    Setting(
      "steps", "N", \.stepCount, .integer, in: .options, "Steps of each of two environments."),
    Setting("seed", "N", \.seed, .integer, in: .options, "Seed of all random streams."),
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .options,
      "End standard output with one JSON object that holds the findings."),
  ]

  func validate() throws(ConfigurationError) {
    guard !environment.id.isEmpty else {
      throw ConfigurationError(
        "No environment is named: name one, such as CartPole-v1; "
          + "'\(ProgramName.shown) envs' lists them.")
    }
    try ConfigurationError.checkTimeouts(
      hang: environment.hangTimeoutSeconds, close: environment.closeTimeoutSeconds)
    try EpisodeLimit.validate(environment.limit)
    try ConfigurationError.check("steps", stepCount, in: 1...1_000_000_000)
  }
}

extension Command {
  static let checkEnvironment = Command(
    name: "check-env",
    summary: "Check an environment for mistakes by playing it at random.",
    argument: CommandArgument(
      placeholder: "ID", help: "Environment to check; '\(ProgramName.shown) envs' lists them.",
      isRequired: true),
    options: CommandOption.all(
      CheckEnvironmentOptions.settings, defaults: CheckEnvironmentOptions()),
    interpret: { (parsed) throws(ConfigurationError) in
      var options = CheckEnvironmentOptions()
      options.environment.id = parsed.argument ?? ""
      try parsed.apply(CheckEnvironmentOptions.settings, to: &options)
      try options.validate()
      return .checkEnvironment(options)
    })
}
