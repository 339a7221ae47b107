import Actor
import Foundation
import Learner
import Rollout

/// `rlplay describe`.
struct DescribeCommand: Subcommand, Equatable {
  /// The run directory or checkpoint file; nil for the newest run.
  var target: String?
  /// True to show the reaction to each state.
  var showsStates = false
  /// True to end standard output with one JSON object.
  var endsWithJSON = false

  static let settings: [Setting<DescribeCommand>] = [
    Setting(
      "states", \.showsStates, negatable: false, in: .options,
      "Show the action, the probabilities and the value in each state of a Discrete space."),
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .options,
      "End standard output with one JSON object that holds the description."),
  ]

  mutating func complete(_ parsed: ParsedArguments) throws(ConfigurationError) {
    target = parsed.argument
  }

  func run() throws -> Int32 {
    let source = try RunDirectory.resolve(target)
    let (description, states) = try source.using { player in
      (try player.describe(), showsStates ? try StateTable(player) : nil)
    }
    if endsWithJSON {
      var object = description.json
      if let states { object.set("states", states.json) }
      print(object.encoded())
      return 0
    }
    print("\(source.checkpoint.relativePath.escapingControls)\n\(description.text)")
    if let states { print("\n\(states.text)") }
    return 0
  }
}

extension Command {
  static let describe = Command(
    DescribeCommand.self,
    name: "describe",
    summary: "Show the settings and layers of a trained policy.",
    argument: .checkpoint)
}
