import Learner
import Rollout

/// The options and arguments of a command line, not yet interpreted.
struct ParsedArguments: Equatable {
  /// The text of each given option, by name.
  ///
  /// It is `true` or `false` for an option without a value, and empty if an optional value was
  /// omitted.
  var values: [String: String] = [:]

  /// The positional arguments in their order.
  var arguments: [String] = []
  /// The only positional argument, or the first one; nil without any.
  var argument: String? { arguments.first }

  /// True if `--help` was given.
  ///
  /// The other arguments then only determine the defaults on the help screen.
  var asksForHelp = false

  /// Writes the given options into a configuration, in the table's order.
  func apply<Configuration>(
    _ settings: [Setting<Configuration>], to configuration: inout Configuration
  ) throws(ConfigurationError) {
    for setting in settings {
      guard let text = values[setting.name] else { continue }
      try setting.write(&configuration, text)
    }
  }
}
