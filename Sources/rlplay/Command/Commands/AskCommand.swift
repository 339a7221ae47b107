import Actor
import Foundation
import Learner
import Rollout

/// Runs `rlplay ask`.
enum AskCommand {
  static func run(_ options: AskOptions) throws -> Int32 {
    let source = try RunDirectory.resolve(options.target)
    let (player, probe) = try source.using { player in (player, try player.probe()) }
    let answer: PolicyAnswer
    do {
      let observation = try probe.spaces.observation.numbers(
        from: options.parsedObservation(), as: "--obs")
      answer = try probe.act(on: observation)
    } catch let error as SpaceMismatch {
      throw ConfigurationError("\(error).", option: "obs")
    } catch let error as PolicyError {
      throw CheckpointError(error).located(in: source.checkpoint)
    }
    let format = AnswerFormat(player, probe.spaces)
    if options.endsWithJSON {
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
