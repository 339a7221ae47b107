import Learner
import Rollout

/// The options for the output of `rlplay train`; they do not influence learning.
struct TrainPresentation: Equatable, Sendable {
  /// True to show only errors and the final result, without progress.
  var isQuiet = false
  /// True to show progress on the whole terminal.
  var showsDashboard = false
  /// True to end standard output with one JSON object.
  var endsWithJSON = false
  /// True to stop when the other end of standard input is closed.
  var stopsWithInput = false
  /// The choice of processes that train one policy together.
  var ranks = RankChoice.auto

  static let settings: [Setting<TrainPresentation>] = [
    Setting(
      "ranks", "auto|off", \.ranks, .choice, in: .run,
      "auto: the processes that mpirun or srun starts train one policy together; off: each trains "
        + "its own."),
    Setting(
      "quiet", \.isQuiet, negatable: false, in: .output,
      "Show no progress, only the result and problems."),
    Setting(
      "dashboard", \.showsDashboard, negatable: false, in: .output,
      "Show progress on the whole terminal: speed, workers, returns, losses, messages."),
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .output,
      "End standard output with one JSON object that holds the result."),
    Setting(
      "stop-with-input", \.stopsWithInput, negatable: false, in: .output,
      "Stop as after SIGTERM when the pipe of standard input is closed, as at the death of the "
        + "program that started this one."),
  ]
}

/// The choice of processes that train one policy together.
enum RankChoice: String, Sendable, CaseIterable {
  /// All that a launcher of MPI started.
  case auto
  /// This process alone.
  case off
}

extension Command {
  static let train = Command(
    name: "train",
    summary: "Train a policy on experience that worker processes collect.",
    options: trainingOptions(TrainingConfiguration()),
    optionsBeside: { trainingOptions(defaults(beside: $0) ?? TrainingConfiguration()) },
    interpret: { (parsed) throws(ConfigurationError) in
      var presentation = TrainPresentation()
      try parsed.apply(TrainPresentation.settings, to: &presentation)
      if presentation.showsDashboard, presentation.isQuiet {
        throw ConfigurationError(
          "--dashboard and --quiet exclude each other: give one of them.", option: "dashboard")
      }
      if let target = parsed.values[resumption.name] {
        return .resume(try ResumeOptions(target, parsed), presentation)
      }
      if parsed.values[trust.name] != nil {
        throw ConfigurationError(
          "--trust is for --resume: the environment of a new run is your own choice, "
            + "so leave it out.",
          option: trust.name)
      }
      if let experiment = try Experiment(parsed) { return .experiment(experiment, presentation) }
      let (configuration, given) = try trainingConfiguration(parsed)
      return .train(configuration, given: given, presentation)
    })

  /// Returns the configuration of a new run, and the names of the options that are given for it.
  static func trainingConfiguration(
    _ parsed: ParsedArguments
  ) throws(ConfigurationError) -> (configuration: TrainingConfiguration, given: Set<String>) {
    let base = defaults(beside: parsed)
    var configuration = base ?? TrainingConfiguration()
    var names = Set(parsed.values.keys)
    // The file is applied first, wherever it is named: command-line options override it.
    if let path = parsed.values[configurationFile.name] {
      let file = try TrainingConfiguration.read(contentsOf: path, over: base)
      configuration = file.configuration
      names.formUnion(file.names)
    }
    try parsed.apply(TrainingConfiguration.settings, to: &configuration)
    try configuration.validate()
    return (configuration, names.intersection(TrainingConfiguration.settings.map(\.name)))
  }

  /// Returns the defaults of the given algorithm; nil if none is named or the name is unknown.
  private static func defaults(beside parsed: ParsedArguments) -> TrainingConfiguration? {
    parsed.values["algorithm"].flatMap(Algorithm.init).map { TrainingConfiguration($0) }
  }

  private static func trainingOptions(_ defaults: TrainingConfiguration) -> [CommandOption] {
    CommandOption.all(TrainingConfiguration.settings, defaults: defaults)
      + Experiment.options + [configurationFile, resumption, trust]
      + CommandOption.all(TrainPresentation.settings, defaults: TrainPresentation())
  }

  private static let resumption = CommandOption(
    name: ResumeOptions.optionName, kind: .optionalValue(placeholder: "RUN"), group: .run,
    help: "Resume a run from its last save, in its directory; the newest run under runs/ if none "
      + "is named. Only options that do not affect learning may be changed.")

  private static let trust = CommandOption(
    name: ResumeOptions.trustName, kind: .flag, group: .run,
    help: "With --resume: start Python with the environment that the run names: its code can do "
      + "all that you can. --env NAME has the same effect.")

  private static let configurationFile = CommandOption(
    name: "config", kind: .value(placeholder: "FILE"), group: .run,
    help: "Read options from a JSON file; those on the command line override it.")
}
