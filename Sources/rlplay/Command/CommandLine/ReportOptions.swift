import Learner
import Rollout

/// The options of `rlplay report`.
struct ReportOptions: Equatable, Sendable {
  /// Runs, or directories of runs; empty for the newest run.
  var targets: [String] = []
  /// The file to write; nil for `report.html` in the directory of the runs.
  var output: String?
  /// The directory for the data of each figure; nil for none.
  var tables: String?
  /// The directory for a drawing of each figure; nil for none.
  var drawings: String?
  /// The horizontal axis of data and drawings.
  var clock = RunMetrics.Clock.steps
  /// True to renew the report until its runs have ended.
  var isFollowing = false
  /// True to play an episode.
  var playsEpisode = true
  /// The seed of the episode.
  var seed: UInt64 = 1
  /// The consent to start the program of an environment.
  var consent = Consent()

  static let settings: [Setting<ReportOptions>] = [
    Setting(
      "output", "FILE", \.output, .optional(.text, orWord: "auto"), in: .options,
      "File to write; auto is report.html in the run's directory, or in that of several runs."),
    Setting(
      "follow", \.isFollowing, negatable: false, in: .options,
      "Renew the report every two seconds until the runs have ended."),
    Setting(
      "csv", "DIR", \.tables, .optional(.text, orWord: "none"), in: .options,
      "Also write the data of each figure as a file of comma-separated values."),
    Setting(
      "svg", "DIR", \.drawings, .optional(.text, orWord: "none"), in: .options,
      "Also write each figure as an SVG file."),
    Setting(
      "axis", "steps|time", \.clock, .choice, in: .options,
      "Horizontal axis of the files of --csv and --svg; the page has both."),
    Setting(
      "episode", \.playsEpisode, in: .options,
      "Play an episode with the best weights, and show what the policy does."),
    Setting("seed", "N", \.seed, .integer, in: .options, "Seed of the episode."),
    Setting(
      "trust", \.consent.trusts, negatable: false, in: .options,
      "Start Python with the environment that the run names: its code can do all that you can."),
    .python(\.consent.python, in: .options),
  ]
}

extension Command {
  static let report = Command(
    name: "report",
    summary: "Draw figures of runs as one HTML file.",
    argument: CommandArgument(
      placeholder: "RUN",
      help: "Runs, or directories of runs; the newest run under runs/ if none "
        + "is named.", isRepeatable: true),
    options: CommandOption.all(ReportOptions.settings, defaults: ReportOptions()),
    interpret: { (parsed) throws(ConfigurationError) in
      var options = ReportOptions()
      options.targets = parsed.arguments
      try parsed.apply(ReportOptions.settings, to: &options)
      return .report(options)
    })
}
