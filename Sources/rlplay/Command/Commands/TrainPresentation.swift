import Actor
import Glibc
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

extension TrainPresentation {
  /// Makes a run, trains it and shows its progress and result.
  ///
  /// - Parameters:
  ///   - exchange: the exchange with other ranks; nil for a process alone.
  ///   - makeRun: creates the run.
  /// - Returns: the exit code.
  func train(
    _ exchange: UpdateExchange?, _ makeRun: () throws -> TrainingRun
  ) throws -> Int32 {
    // Only rank 0 has a terminal, reads standard input and speaks.
    let isFirst = exchange?.ranks.rank ?? 0 == 0
    if showsDashboard, isFirst, !Terminal.isInteractive {
      throw ConfigurationError(
        "--dashboard needs a terminal as standard error, and a TERM other than dumb: leave it out, "
          + "or do not redirect standard error.", option: "dashboard")
    }
    Interruption.listen()
    if stopsWithInput, isFirst { Interruption.stop(whenClosed: STDIN_FILENO) }
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
    if !isQuiet, isFirst {
      print(
        "training \(run.configuration.environment) with seed \(run.seed) in \(run.directory.path)"
      )
      if let exchange { print(exchange.sentence(for: run.configuration)) }
      if let resumption = run.resumption { print(resumption) }
      print(run.layers.text)
    }
    let summary = try run.train()
    if isFirst {
      print(endsWithJSON ? summary.json : Self.text(summary, of: run.configuration))
    }
    return Self.exitCode(summary, wanted: run.configuration.untilReturn, isTold: isFirst)
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
