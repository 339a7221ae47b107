import Actor
import Foundation
import Learner
import Rollout

/// `rlplay ask`.
struct AskCommand: Subcommand, Equatable {
  /// The run directory or checkpoint file; nil for the newest run.
  var target: String?
  /// The observation as JSON.
  var observation = ""
  /// True to print the answer as one JSON object.
  var endsWithJSON = false

  static let settings: [Setting<AskCommand>] = [
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
  private func parsedObservation() throws(ConfigurationError) -> JSONValue {
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

  mutating func complete(_ parsed: ParsedArguments) throws(ConfigurationError) {
    target = parsed.argument
    _ = try parsedObservation()
  }

  func run() throws -> Int32 {
    let source = try RunDirectory.resolve(target)
    let (player, probe) = try source.using { player in (player, try player.probe()) }
    let answer: PolicyAnswer
    do {
      let observation = try probe.spaces.observation.numbers(
        from: parsedObservation(), as: "--obs")
      answer = try probe.act(on: observation)
    } catch let error as SpaceMismatch {
      throw ConfigurationError("\(error).", option: "obs")
    } catch let error as PolicyError {
      throw CheckpointError(error).located(in: source.checkpoint)
    }
    let format = AnswerFormat(player, probe.spaces)
    if endsWithJSON {
      print(format.json(answer).encoded())
      return 0
    }
    let rows = format.row(answer)
    let width = rows.map(\.name.count).max() ?? 0
    print("\(source.checkpoint.relativePath.escapingControls): \(player.environment)")
    for row in rows { print("\(NumberText.left(row.name, width))   \(row.value)") }
    return 0
  }
}

extension RunDirectory.Resolution {
  /// Calls the body with the policy of the checkpoint, and names the file in its errors.
  func using<Result>(_ body: (TrainedPolicy) throws -> Result) throws -> Result {
    do {
      return try body(TrainedPolicy(Checkpoint.load(from: checkpoint)))
    } catch let error as CheckpointError {
      throw error.located(in: checkpoint)
    } catch let error as PolicyError {
      throw CheckpointError(error).located(in: checkpoint)
    }
  }
}

extension Command {
  static let ask = Command(
    AskCommand.self,
    name: "ask",
    summary: "Ask a trained policy about one observation: action, probabilities, value.",
    argument: .checkpoint)
}
