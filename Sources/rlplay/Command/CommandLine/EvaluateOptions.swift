import Learner
import Rollout

/// The options of `rlplay evaluate`.
struct EvaluateOptions: Equatable, Sendable {
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

  static let settings: [Setting<EvaluateOptions>] = [
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

  func validate() throws(ConfigurationError) {
    try ConfigurationError.check("episodes", episodeCount, in: 1...1_000_000)
    try ConfigurationError.checkTimeouts(hang: hangTimeoutSeconds, close: closeTimeoutSeconds)
    try EpisodeLimit.validate(maximumEpisodeSteps)
    if let video { try VideoFile.validate(path: video) }
  }
}

extension Command {
  static let evaluate = Command(
    name: "evaluate",
    summary: "Play episodes with a trained policy and report the returns.",
    argument: .checkpoint,
    options: CommandOption.all(EvaluateOptions.settings, defaults: EvaluateOptions()),
    interpret: { (parsed) throws(ConfigurationError) in
      if parsed.values["greedy"] != nil, parsed.values["sample"] != nil {
        throw ConfigurationError(
          "--greedy and --sample exclude each other: give one of them.", option: "sample")
      }
      var options = EvaluateOptions()
      options.target = parsed.argument
      try parsed.apply(EvaluateOptions.settings, to: &options)
      if options.isRendering || options.video != nil, parsed.values["episodes"] == nil {
        options.episodeCount = 1
      }
      try options.validate()
      return .evaluate(options)
    })
}
