import Actor
import Foundation
import Learner
import Rollout

/// `rlplay evaluate`.
enum EvaluateCommand {
  static func run(_ options: EvaluateOptions) throws -> Int32 {
    let source = try RunDirectory.resolve(options.target)
    let checkpoint = try Checkpoint.load(from: source.checkpoint)
    let seed = options.seed ?? UInt64.random(in: 0..<1 << 53)
    EnvironmentRegistry.shared.python = options.python
    let player: TrainedPolicy
    let result: EvaluationResult
    do {
      player = try TrainedPolicy(checkpoint)
      result = try player.evaluate(
        episodes: options.episodeCount, choice: options.isGreedy ? .greedy : .sample, seed: seed,
        episodeLimit: options.maximumEpisodeSteps)
    } catch let error as CheckpointError {
      throw error.located(in: source.checkpoint)
    }

    if options.endsWithJSON {
      print(result.json)
      return 0
    }
    print("\(source.checkpoint.relativePath): \(player.environmentText)")
    print(
      """
      \(options.episodeCount) episodes, \(options.isGreedy ? "greedy" : "sampled"), seed \(seed)
      return  \(number(result.meanReturn)) ± \(number(result.standardDeviation))  \
      median \(number(result.medianReturn))  min \(number(result.minimumReturn))  \
      max \(number(result.maximumReturn))
      length  \(number(result.meanLength))
      """)
    return 0
  }

  private static func number(_ value: Double) -> String { NumberText.fixed(value, 1) }
}
