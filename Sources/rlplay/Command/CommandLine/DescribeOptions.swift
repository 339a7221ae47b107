import Learner
import Rollout

/// The options of `rlplay describe`.
struct DescribeOptions: Equatable, Sendable {
  /// The run directory or checkpoint file; nil for the newest run.
  var target: String?
  /// True to show the reaction to each state.
  var showsStates = false
  /// True to end standard output with one JSON object.
  var endsWithJSON = false

  static let settings: [Setting<DescribeOptions>] = [
    Setting(
      "states", \.showsStates, negatable: false, in: .options,
      "Show the action, the probabilities and the value in each state of a Discrete space."),
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .options,
      "End standard output with one JSON object that holds the description."),
  ]
}

extension Command {
  static let describe = Command(
    name: "describe",
    summary: "Show the settings and layers of a trained policy.",
    argument: .checkpoint,
    options: CommandOption.all(DescribeOptions.settings, defaults: DescribeOptions()),
    interpret: { (parsed) throws(ConfigurationError) in
      var options = DescribeOptions()
      options.target = parsed.argument
      try parsed.apply(DescribeOptions.settings, to: &options)
      return .describe(options)
    })
}
