import Actor
import Glibc
import Learner
import Rollout

/// Runs `rlplay train`.
enum TrainCommand {
  /// Begins a run.
  ///
  /// - Parameter given: the names of the options that keep their values, whatever the environment.
  static func run(
    _ configuration: TrainingConfiguration, given: Set<String>, _ presentation: TrainPresentation
  ) throws -> Int32 {
    try RankedCommand.run(presentation, inRankOrder: configuration.deterministic) { exchange in
      try train(presentation, exchange) {
        let configuration = try adapted(configuration, keeping: given, presentation, exchange)
        guard let exchange else {
          return try TrainingRun(
            configuration, isQuiet: presentation.isQuiet,
            showsDashboard: presentation.showsDashboard)
        }
        return try TrainingRun(
          exchange, configuration, isQuiet: presentation.isQuiet,
          showsDashboard: presentation.showsDashboard)
      }
    }
  }

  /// Returns the configuration with the defaults for its environment, and prints the choice.
  private static func adapted(
    _ configuration: TrainingConfiguration, keeping given: Set<String>,
    _ presentation: TrainPresentation, _ exchange: UpdateExchange?
  ) throws -> TrainingConfiguration {
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

  /// Resumes a run.
  static func resume(_ options: ResumeOptions, _ presentation: TrainPresentation) throws -> Int32 {
    // The state, which only rank 0 reads, may be that of a deterministic run.
    try RankedCommand.run(presentation, inRankOrder: true) { exchange in
      guard let exchange, exchange.ranks.rank > 0 else {
        return try resume(options, presentation, exchange)
      }
      return try train(presentation, exchange) { try TrainingRun(exchange, nil) }
    }
  }

  private static func resume(
    _ options: ResumeOptions, _ presentation: TrainPresentation, _ exchange: UpdateExchange?
  ) throws -> Int32 {
    let directory = try RunDirectory.resolveRun(options.target)
    var state = try RunState.load(from: directory.state)
    let own = state.configuration.environment
    if let id = options.consent.environment, id != own.id {
      throw ConfigurationError(
        "--env \(id) is not the environment of the run, which is \(own.id): leave it out, or start "
          + "a new run.", option: "env")
    }
    try options.consent.check(
      own, namedBy: directory.url, trainedWith: state.recordedPython, command: .train)
    try options.changes.apply(TrainingConfiguration.settings, to: &state.configuration)
    try state.configuration.validate()
    do {
      return try train(presentation, exchange) {
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
      throw options.consent.suggestion(
        after: error, trainedWith: state.recordedPython, command: .train) ?? error
    }
  }

  private static func train(
    _ presentation: TrainPresentation, _ exchange: UpdateExchange?,
    _ makeRun: () throws -> TrainingRun
  ) throws -> Int32 {
    // Only rank 0 has a terminal, reads standard input and speaks.
    let isFirst = exchange?.ranks.rank ?? 0 == 0
    if presentation.showsDashboard, isFirst, !Terminal.isInteractive {
      throw ConfigurationError(
        "--dashboard needs a terminal as standard error, and a TERM other than dumb: leave it out, "
          + "or do not redirect standard error.", option: "dashboard")
    }
    Interruption.listen()
    if presentation.stopsWithInput, isFirst { Interruption.stop(whenClosed: STDIN_FILENO) }
    let run: TrainingRun
    do {
      run = try makeRun()
    } catch _ where Interruption.requested != nil {
      // Interrupted while processes were started: nothing was learned and no directory created.
      return 128 + (Interruption.requested ?? 0)
    } catch let error as Interrupted {
      // Another rank was interrupted.
      guard let signal = exchange?.signal else { throw error }
      return 128 + signal
    } catch let error as PolicyError {
      // The network does not fit the environment.
      throw ConfigurationError("\(error).")
    }
    if exchange != nil { RankedCommand.noteBinding(actorCount: run.configuration.actorCount) }
    if !presentation.isQuiet, isFirst {
      print(
        "training \(run.configuration.environment) with seed \(run.seed) in \(run.directory.path)"
      )
      if let exchange { print(exchange.sentence(for: run.configuration)) }
      if let resumption = run.resumption { print(resumption) }
      print(run.layers.text)
    }
    let summary = try run.train()
    if isFirst {
      print(presentation.endsWithJSON ? summary.json : text(summary, of: run.configuration))
    }
    return exitCode(summary, wanted: run.configuration.untilReturn, isTold: isFirst)
  }

  /// Returns a summary of the run for display.
  private static func text(
    _ summary: TrainingSummary, of configuration: TrainingConfiguration
  ) -> String {
    let rate = NumberText.short(summary.stepsPerSecond)
    var sentence = """
      \(NumberText.grouped(summary.steps)) steps and \
      \(NumberText.grouped(summary.updates)) updates in \
      \(NumberText.fixed(summary.seconds, 2)) s (\(rate) steps/s), \
      mean lag \(NumberText.fixed(summary.meanLag, 1))
      """
    if summary.skippedUpdates > 0 {
      sentence += ", \(NumberText.grouped(summary.skippedUpdates)) updates skipped"
    }
    if summary.restarts > 0 { sentence += ", \(summary.restarts) workers replaced" }
    if summary.droppedFragments > 0 {
      sentence += ", \(NumberText.grouped(summary.droppedFragments)) fragments dropped"
    }
    if let mean = summary.evaluationReturn {
      sentence += ", evaluation return \(NumberText.fixed(mean, 1))"
    }
    var lines = [sentence, "seed \(summary.seed), saved in \(summary.runDirectory)"]
    if let step = summary.collapseStep {
      lines.append(
        "the policy collapsed: entropy and gradient were close to 0 at "
          + "\(NumberText.grouped(step)) steps and the return had fallen below a quarter of the "
          + "best")
    }
    if let best = summary.best, let checkpoint = summary.bestCheckpoint {
      lines.append(
        "best evaluation return \(NumberText.fixed(best.meanReturn, 1)) at "
          + "\(NumberText.grouped(best.steps)) steps, in \(checkpoint)")
    }
    lines.append("play it with: \(evaluation(of: summary.runDirectory, configuration.environment))")
    return lines.joined(separator: "\n")
  }

  /// Returns the command that plays a run's best weights.
  private static func evaluation(
    of directory: String, _ environment: EnvironmentConfiguration
  ) -> String {
    var words = [ProgramName.shown, "evaluate", directory]
    if environment.startsProgram { words.append("--trust") }
    if environment.usesPython, environment.python != EnvironmentConfiguration.usualPython {
      words += ["--python", environment.python]
    }
    return words.map(\.shellQuoted).joined(separator: " ")
  }

  private static func exitCode(
    _ summary: TrainingSummary, wanted: Double?, isTold: Bool
  ) -> Int32 {
    switch summary.ending {
    case .interrupted(let signal): return 128 + signal
    case .reachedReturn: return 0
    case .steps:
      guard let wanted else { return 0 }
      guard isTold else { return 1 }
      let reached = summary.evaluationReturn.map { NumberText.fixed($0, 1) } ?? "unknown"
      reportOnStandardError(
        """
        Error: the mean return is \(reached) and not \(NumberText.fixed(wanted, 1)) after \
        \(NumberText.grouped(summary.steps)) steps: give more --steps or another --learning-rate.
        """)
      return 1
    }
  }
}
