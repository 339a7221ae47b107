import Foundation
import Learner
import Rollout

/// The options of `rlplay ask`.
struct AskOptions: Equatable, Sendable {
  /// The run directory or checkpoint file; nil for the newest run.
  var target: String?
  /// The observation as JSON.
  var observation = ""
  /// True to print the answer as one JSON object.
  var endsWithJSON = false

  static let settings: [Setting<AskOptions>] = [
    Setting(
      "obs", "JSON", \.observation, .text, in: .options,
      "Observation: a number, a list in the shape of a Box, or an object with the parts of a Dict."
    ),
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .options,
      "Show the answer as one JSON object."),
  ]

  /// The observation, read as JSON.
  ///
  /// - Throws: `ConfigurationError` with the first mistake.
  func parsedObservation() throws(ConfigurationError) -> JSONValue {
    guard !observation.isEmpty else {
      throw ConfigurationError(
        "--obs is missing: give an observation as JSON, such as --obs 3 or --obs '[0.1, 0, 0, 0]'.",
        option: "obs")
    }
    do {
      return try JSONReader.value(of: Data(observation.utf8))
    } catch {
      throw ConfigurationError(
        "--obs is not JSON: column \(error.column) \(error.finding).", option: "obs")
    }
  }
}

extension Command {
  static let ask = Command(
    name: "ask",
    summary: "Ask a trained policy about one observation: action, probabilities, value.",
    argument: .checkpoint,
    options: CommandOption.all(AskOptions.settings, defaults: AskOptions()).map { option in
      var option = option
      if option.name == "obs" { option.defaultText = nil }
      return option
    },
    interpret: { (parsed) throws(ConfigurationError) in
      var options = AskOptions()
      options.target = parsed.argument
      try parsed.apply(AskOptions.settings, to: &options)
      _ = try options.parsedObservation()
      return .ask(options)
    })
}
