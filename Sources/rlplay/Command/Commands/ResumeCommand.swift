import Learner
import Rollout

/// `rlplay train --resume`.
struct ResumeCommand: Runnable, Equatable {
  static let optionName = "resume"
  static let trustName = "trust"

  /// The run's directory or name; nil for the newest run.
  var target: String?
  /// The training options to change.
  var changes = ParsedArguments()
  /// The consent to start code.
  var consent = Consent()
  let presentation: TrainPresentation

  /// Rejects options that influence learning, and values of the wrong type.
  init(
    _ target: String, _ parsed: ParsedArguments, _ presentation: TrainPresentation
  ) throws(ConfigurationError) {
    self.target = target.isEmpty ? nil : target
    self.presentation = presentation
    let others = TrainPresentation.settings.map(\.name) + [Self.optionName, Self.trustName, "env"]
    consent.trusts = parsed.values[Self.trustName] != nil
    consent.environment = parsed.values["env"]
    for name in parsed.values.keys.sorted() where !others.contains(name) {
      guard TrainingConfiguration.resumableSettings.contains(name) else {
        let others = TrainingConfiguration.resumableSettings.sorted().map { "--\($0)" }
        throw ConfigurationError(
          "--\(name) cannot be given with --resume, since a run keeps its options: leave it out. "
            + "Options that may be given are \(others.joined(separator: ", ")).",
          option: name)
      }
      changes.values[name] = parsed.values[name]
    }
    // The run's values are not known yet; this only checks that the texts can be parsed.
    var configuration = TrainingConfiguration()
    try changes.apply(TrainingConfiguration.settings, to: &configuration)
    consent.python = configuration.environment.python
  }

  func run() throws -> Int32 {
    // The state, which only rank 0 reads, may be that of a deterministic run.
    try RankedTraining.withRanks(presentation, inRankOrder: true) { exchange in
      guard let exchange, exchange.ranks.rank > 0 else { return try run(exchange) }
      return try RankedTraining.train(presentation, exchange) { try TrainingRun(exchange, nil) }
    }
  }

  private func run(_ exchange: UpdateExchange?) throws -> Int32 {
    let directory = try RunDirectory.resolveRun(target)
    var state = try RunState.load(from: directory.state)
    let own = state.configuration.environment
    if let id = consent.environment, id != own.id {
      throw ConfigurationError(
        "--env \(id) is not the environment of the run, which is \(own.id): leave it out, or start "
          + "a new run.", option: "env")
    }
    try consent.check(
      own, namedBy: directory.url, trainedWith: state.recordedPython, command: .train)
    try changes.apply(TrainingConfiguration.settings, to: &state.configuration)
    try state.configuration.validate()
    do {
      return try RankedTraining.train(presentation, exchange) {
        guard let exchange else {
          return try TrainingRun(
            resuming: state, in: directory, isQuiet: presentation.isQuiet,
            showsDashboard: presentation.showsDashboard)
        }
        return try TrainingRun(
          exchange, nil, resuming: (state, directory), isQuiet: presentation.isQuiet,
          showsDashboard: presentation.showsDashboard)
      }
    } catch let error as GymnasiumError {
      throw consent.suggestion(
        after: error, trainedWith: state.recordedPython, command: .train) ?? error
    }
  }
}
