import Learner
import Rollout

/// `rlplay train` of one new run.
struct TrainCommand: Runnable, Equatable {
  var configuration = TrainingConfiguration()
  /// The names of the options that keep their values, whatever the environment.
  var given: Set<String> = []
  var presentation = TrainPresentation()

  func run() throws -> Int32 {
    try RankedTraining.run(presentation, inRankOrder: configuration.deterministic, makeRun)
  }

  /// Creates the run; the exchange is nil for a process alone.
  private func makeRun(_ exchange: UpdateExchange?) throws -> TrainingRun {
    let configuration = try adapted(exchange)
    guard let exchange else {
      return try TrainingRun(
        configuration, isQuiet: presentation.isQuiet, showsDashboard: presentation.showsDashboard)
    }
    return try TrainingRun(
      exchange, configuration, isQuiet: presentation.isQuiet,
      showsDashboard: presentation.showsDashboard)
  }

  /// Returns the configuration with the defaults for its environment, and prints the choice.
  private func adapted(_ exchange: UpdateExchange?) throws -> TrainingConfiguration {
    // A rank that fails here fails again where it tells the others.
    let adaptation =
      exchange == nil
      ? try configuration.adapted(keeping: given) : try? configuration.adapted(keeping: given)
    guard let adaptation else { return configuration }
    if !presentation.isQuiet, exchange?.ranks.rank ?? 0 == 0 {
      for line in adaptation.lines { print(line) }
    }
    return adaptation.configuration
  }
}

extension Command {
  static let train = Command(
    name: "train",
    summary: "Train a policy on experience that worker processes collect.",
    options: trainingOptions(TrainingConfiguration()),
    optionsBeside: { trainingOptions(defaults(beside: $0) ?? TrainingConfiguration()) },
    runsInRanks: true,
    interpret: { (parsed) throws(ConfigurationError) in
      var presentation = TrainPresentation()
      try parsed.apply(TrainPresentation.settings, to: &presentation)
      if presentation.showsDashboard, presentation.isQuiet {
        throw ConfigurationError(
          "--dashboard and --quiet exclude each other: give one of them.", option: "dashboard")
      }
      if let target = parsed.values[resumption.name] {
        return try ResumeCommand(target, parsed, presentation)
      }
      if parsed.values[trust.name] != nil {
        throw ConfigurationError(
          "--trust is for --resume: the environment of a new run is your own choice, "
            + "so leave it out.",
          option: trust.name)
      }
      if let experiment = try Experiment(parsed) {
        return ExperimentCommand(experiment: experiment, presentation: presentation)
      }
      let (configuration, given) = try trainingConfiguration(parsed)
      return TrainCommand(
        configuration: configuration, given: given, presentation: presentation)
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
    name: ResumeCommand.optionName, kind: .optionalValue(placeholder: "RUN"), group: .run,
    help: "Resume a run from its last save, in its directory; the newest run under runs/ if none "
      + "is named. Only options that do not affect learning may be changed.")

  private static let trust = CommandOption(
    name: ResumeCommand.trustName, kind: .flag, group: .run,
    help: "With --resume: start Python with the environment that the run names: its code can do "
      + "all that you can. --env NAME has the same effect.")

  private static let configurationFile = CommandOption(
    name: "config", kind: .value(placeholder: "FILE"), group: .run,
    help: "Read options from a JSON file; those on the command line override it.")
}
