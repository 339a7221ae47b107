import Learner
import Rollout

/// The options of `rlplay bench`.
struct BenchOptions: Equatable, Sendable {
  /// The duration of each measurement in seconds.
  var seconds = 1.0
  /// The measurements to run; nil for all.
  var only: [String]?
  /// The number of rounds; each makes every measurement once.
  var rounds = 1
  /// The file of an earlier run's object to compare with; nil for none.
  var comparedFile: String?
  /// True to end standard output with one JSON object.
  var endsWithJSON = false

  static let settings: [Setting<BenchOptions>] = [
    Setting("seconds", "S", \.seconds, .number, in: .options, "Seconds for each measurement."),
    Setting(
      "only", "NAME,...", \.only, .optional(.names, orWord: "all"), in: .options,
      "Measurements to run, by name."),
    Setting(
      "rounds", "N", \.rounds, .integer, in: .options,
      "Rounds of all measurements; a figure is the median of its rounds."),
    Setting(
      "compare", "FILE|none", \.comparedFile, .optional(.text, orWord: "none"), in: .options,
      "Compare the figures with those of a file that --json wrote; exit code 1 if one is slower "
        + "beyond its noise."),
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .options,
      "End standard output with one JSON object that holds the figures."),
  ]

  func validate() throws(ConfigurationError) {
    guard seconds > 0, seconds <= 3600 else {
      let text = SettingFormat<Double>.number.value(seconds).text
      throw ConfigurationError(
        "--seconds \(text) is out of range: use more than 0 and up to 3600.", option: "seconds")
    }
    try ConfigurationError.check("rounds", rounds, in: 1...1000)
  }
}

extension Command {
  static let bench = Command(
    name: "bench",
    summary: "Measure this machine: environments, collection, training, kernels.",
    options: CommandOption.all(BenchOptions.settings, defaults: BenchOptions()),
    interpret: { (parsed) throws(ConfigurationError) in
      var options = BenchOptions()
      try parsed.apply(BenchOptions.settings, to: &options)
      try options.validate()
      return .bench(options)
    })
}
