import Learner
import Rollout

/// The options of `rlplay runs`.
struct RunsOptions: Equatable, Sendable {
  /// The directory of the runs; nil for `runs`.
  var directory: String?
  /// True to print the list as one JSON object.
  var endsWithJSON = false

  static let settings: [Setting<RunsOptions>] = [
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .options,
      "Show the list as one JSON object.")
  ]
}

extension Command {
  static let runs = Command(
    name: "runs",
    summary: "List the runs, the newest first, with their states and results.",
    argument: CommandArgument(
      placeholder: "DIR", help: "The directory of the runs; runs/ if none is named."),
    options: CommandOption.all(RunsOptions.settings, defaults: RunsOptions()),
    interpret: { (parsed) throws(ConfigurationError) in
      var options = RunsOptions()
      options.directory = parsed.argument
      try parsed.apply(RunsOptions.settings, to: &options)
      return .runs(options)
    })
}
