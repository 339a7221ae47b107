import Actor
import Foundation
import Learner
import Rollout

/// Runs `rlplay evaluate`.
enum EvaluateCommand {
  static func run(_ options: EvaluateOptions) throws -> Int32 {
    let source = try RunDirectory.resolve(options.target)
    let checkpoint = try Checkpoint.load(from: source.checkpoint)
    let seed = options.seed ?? UInt64.random(in: 0..<1 << 53)
    let screen = options.isRendering ? TerminalScreen() : nil
    let video = try options.video.map { try VideoFile(path: $0) }
    let spectators: [(any EpisodeSpectator)?] = [screen, video]
    // Interruptions are caught to restore the cursor and to close Gymnasium environments.
    Interruption.listen()
    var player: TrainedPolicy
    let result: EvaluationResult
    do {
      defer { screen?.finish() }
      player = try TrainedPolicy(checkpoint)
      player.environment = try environment(options, of: player, in: source)
      result = try ExitGuard.during("an evaluation") {
        try player.evaluate(
          episodes: options.episodeCount, choice: options.isGreedy ? .greedy : .sample, seed: seed,
          before: spectators.compactMap { $0 }, say: reportOnStandardError,
          isInterrupted: { Interruption.requested != nil })
      }
      try video?.finish()
    } catch let error as CheckpointError {
      throw error.located(in: source.checkpoint)
    } catch _ where Interruption.requested != nil {
      if let video {
        reportOnStandardError("Interrupted: nothing is written to \(video.url.path).")
      }
      return 128 + (Interruption.requested ?? 0)
    } catch let error as PolicyError {
      throw CheckpointError(error).located(in: source.checkpoint)
    } catch let error as GymnasiumError {
      throw options.consent.suggestion(
        after: error, trainedWith: source.run?.recordedPython, command: .evaluate) ?? error
    }

    if let sentence = result.unfinishedSentence { reportOnStandardError(sentence) }
    if options.endsWithJSON {
      print(result.json)
      return 0
    }
    print("\(source.checkpoint.relativePath.escapingControls): \(player.environment)")
    print(
      """
      \(options.episodeCount) \(options.episodeCount == 1 ? "episode" : "episodes"), \
      \(options.isGreedy ? "greedy" : "sampled"), seed \(seed)
      return  \(number(result.meanReturn)) ± \(number(result.standardDeviation))  \
      median \(number(result.medianReturn))  min \(number(result.minimumReturn))  \
      max \(number(result.maximumReturn))
      length  \(number(result.meanLength))
      """)
    for (name, mean) in result.meanInformation {
      print("\(name)  \(NumberText.significant(mean))".escapingControls)
    }
    if let video { print("video   \(video.url.relativePath), \(video.frameCount) frames") }
    return 0
  }

  /// Returns the checkpoint's environment, as modified by the options.
  private static func environment(
    _ options: EvaluateOptions, of player: TrainedPolicy, in source: RunDirectory.Resolution
  ) throws -> EnvironmentConfiguration {
    var choice = player.environment
    if let id = options.consent.environment, id != choice.id {
      // The checkpoint's arguments do not apply to another environment.
      (choice.id, choice.arguments) = (id, "")
      if !choice.startsProgram { (choice.information, choice.gymnasiumWrappers) = ([], []) }
    }
    // Wrappers of the command line need no consent: the user names them, not the file.
    if options.gymnasiumWrappers != nil { choice.gymnasiumWrappers = [] }
    try options.consent.check(
      choice, namedBy: source.checkpoint, trainedWith: source.run?.recordedPython,
      command: .evaluate)
    choice.python = options.consent.python
    choice.hangTimeoutSeconds = options.hangTimeoutSeconds
    choice.closeTimeoutSeconds = options.closeTimeoutSeconds
    choice.rendersPictures = options.isRendering || options.video != nil
    if let arguments = options.environmentArguments { choice.arguments = arguments }
    if let wrappers = options.gymnasiumWrappers { choice.gymnasiumWrappers = wrappers }
    if options.maximumEpisodeSteps != .registered { choice.limit = options.maximumEpisodeSteps }
    return choice
  }

  private static func number(_ value: Double) -> String { NumberText.fixed(value, 1) }
}
