import Actor
import Foundation
import Learner
import Rollout

/// `rlplay evaluate`.
struct EvaluateCommand: Subcommand, Equatable {
  /// The run directory or checkpoint file; nil for the newest run.
  var target: String?
  var episodeCount = 100
  /// True to play the likeliest action, false to draw actions from the policy.
  var isGreedy = true
  /// The root of every random stream; nil to draw one.
  var seed: UInt64?
  /// The values of the environment's parameters; nil for those of the training.
  var environmentArguments: String?
  /// The wrappers in Python around a Gymnasium environment; nil for those of the training.
  var gymnasiumWrappers: [String]?
  var maximumEpisodeSteps = EpisodeLimit.registered
  /// The consent to start code: the environment to play, and the Python of a `gym:ID`.
  var consent = Consent()
  /// Seconds that one environment may take to be made, reset or stepped; nil for no limit.
  var hangTimeoutSeconds: Double? = 60
  /// Seconds that one environment may take to close; nil for no limit.
  var closeTimeoutSeconds: Double? = EnvironmentConfiguration.usualCloseTimeoutSeconds
  /// True to show episodes in the terminal while they are played.
  var isRendering = false
  /// The file for a recording of the episodes; nil for none.
  var video: String?
  /// True to end standard output with one JSON object.
  var endsWithJSON = false

  /// The negation of ``isGreedy``, which has its own option.
  private var isSampling: Bool {
    get { !isGreedy }
    set { isGreedy = !newValue }
  }

  static let settings: [Setting<EvaluateCommand>] = [
    Setting(
      "episodes", "N", \.episodeCount, .integer, in: .options,
      "Episodes to play; 1 by default with --render or --video."),
    Setting(
      "greedy", \.isGreedy, negatable: false, in: .options,
      "Play the most likely action; this is the default."),
    Setting(
      "sample", \.isSampling, negatable: false, in: .options,
      "Play actions sampled from the policy, as in training."),
    Setting(
      "seed", "N|random", \.seed, .optional(.integer, orWord: "random"), in: .options,
      "Seed of all random streams; random draws one and prints it."),
    Setting(
      "env", "NAME|default", \.consent.environment, .optional(.text, orWord: "default"),
      in: .options,
      "Environment to play, with the same spaces as in training; by default the checkpoint's."),
    Setting(
      "trust", \.consent.trusts, negatable: false, in: .options,
      "Start Python with the environment that the checkpoint names: its code can do all that you "
        + "can."),
    Setting(
      "env-args", "NAME=VALUE,...|default", \.environmentArguments,
      .optional(.text, orWord: "default"), in: .options,
      "Values of the environment's parameters; by default those of training."),
    Setting(
      "gym-wrap", "MODULE.CLASS[:NAME=VALUE,...]", \.gymnasiumWrappers,
      .optional(.pythonCalls(orWord: "none"), orWord: "default"), repeats: true, in: .options,
      "Wrapper in Python around a Gymnasium environment, in place of all of training's; the first "
        + "of several is the innermost. none leaves them out; default keeps them."),
    .episodeLimit(\.maximumEpisodeSteps, in: .options),
    .python(\.consent.python, in: .options),
    .hangTimeout(\.hangTimeoutSeconds, in: .options, "End with an error"),
    .closeTimeout(\.closeTimeoutSeconds, in: .options),
    Setting(
      "render", \.isRendering, negatable: false, in: .options,
      "Show episodes in the terminal while they are played."),
    Setting(
      "video", "FILE", \.video, .optional(.text, orWord: "none"), in: .options,
      "Record episodes as an animated .gif, or as an .mp4 if ffmpeg is installed."),
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .options,
      "End standard output with one JSON object that holds the result."),
  ]

  mutating func complete(_ parsed: ParsedArguments) throws(ConfigurationError) {
    if parsed.values["greedy"] != nil, parsed.values["sample"] != nil {
      throw ConfigurationError(
        "--greedy and --sample exclude each other: give one of them.", option: "sample")
    }
    target = parsed.argument
    if isRendering || video != nil, parsed.values["episodes"] == nil { episodeCount = 1 }
    try ConfigurationError.check("episodes", episodeCount, in: 1...1_000_000)
    try ConfigurationError.checkTimeouts(hang: hangTimeoutSeconds, close: closeTimeoutSeconds)
    try EpisodeLimit.validate(maximumEpisodeSteps)
    if let video { try VideoFile.validate(path: video) }
  }

  func run() throws -> Int32 {
    let source = try RunDirectory.resolve(target)
    let checkpoint = try Checkpoint.load(from: source.checkpoint)
    let seed = self.seed ?? UInt64.random(in: 0..<1 << 53)
    let screen = isRendering ? TerminalScreen() : nil
    let video = try self.video.map { try VideoFile(path: $0) }
    let spectators: [(any EpisodeSpectator)?] = [screen, video]
    // Interruptions are caught to restore the cursor and to close Gymnasium environments.
    Interruption.listen()
    var player: TrainedPolicy
    let result: EvaluationResult
    do {
      defer { screen?.finish() }
      player = try TrainedPolicy(checkpoint)
      player.environment = try environment(of: player, in: source)
      result = try ExitGuard.during("an evaluation") {
        try player.evaluate(
          episodes: episodeCount, choice: isGreedy ? .greedy : .sample, seed: seed,
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
      throw consent.suggestion(
        after: error, trainedWith: source.run?.recordedPython, command: .evaluate) ?? error
    }

    if let sentence = result.unfinishedSentence { reportOnStandardError(sentence) }
    if endsWithJSON {
      print(result.json)
      return 0
    }
    print("\(source.checkpoint.relativePath.escapingControls): \(player.environment)")
    print(
      """
      \(episodeCount) \(episodeCount == 1 ? "episode" : "episodes"), \
      \(isGreedy ? "greedy" : "sampled"), seed \(seed)
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
  private func environment(
    of player: TrainedPolicy, in source: RunDirectory.Resolution
  ) throws -> EnvironmentConfiguration {
    var choice = player.environment
    if let id = consent.environment, id != choice.id {
      // The checkpoint's arguments do not apply to another environment.
      (choice.id, choice.arguments) = (id, "")
      if !choice.startsProgram { (choice.information, choice.gymnasiumWrappers) = ([], []) }
    }
    // Wrappers of the command line need no consent: the user names them, not the file.
    if gymnasiumWrappers != nil { choice.gymnasiumWrappers = [] }
    try consent.check(
      choice, namedBy: source.checkpoint, trainedWith: source.run?.recordedPython,
      command: .evaluate)
    choice.python = consent.python
    choice.hangTimeoutSeconds = hangTimeoutSeconds
    choice.closeTimeoutSeconds = closeTimeoutSeconds
    choice.rendersPictures = isRendering || video != nil
    if let arguments = environmentArguments { choice.arguments = arguments }
    if let wrappers = gymnasiumWrappers { choice.gymnasiumWrappers = wrappers }
    if maximumEpisodeSteps != .registered { choice.limit = maximumEpisodeSteps }
    return choice
  }

  private func number(_ value: Double) -> String { NumberText.fixed(value, 1) }
}

extension Command {
  static let evaluate = Command(
    EvaluateCommand.self,
    name: "evaluate",
    summary: "Play episodes with a trained policy and report the returns.",
    argument: .checkpoint)
}
