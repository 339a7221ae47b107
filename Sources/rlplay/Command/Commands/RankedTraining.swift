import Actor
import Foundation
import Glibc
import Learner
import Rollout

/// The training of a run by this process, alone or as one of several ranks that a launcher started.
enum RankedTraining {
  /// Trains a run with the other ranks, or alone, and shows its progress and result.
  ///
  /// - Parameters:
  ///   - presentation: the options for output, which tell whether to join.
  ///   - inRankOrder: true for sums in the order of the ranks, as deterministic runs need.
  ///   - makeRun: creates the run; it is given nil for a process alone.
  /// - Returns: the exit code, which is the same at all ranks.
  static func run(
    _ presentation: TrainPresentation, inRankOrder: Bool,
    _ makeRun: (UpdateExchange?) throws -> TrainingRun
  ) throws -> Int32 {
    try withRanks(presentation, inRankOrder: inRankOrder) { exchange in
      try train(presentation, exchange) { try makeRun(exchange) }
    }
  }

  /// Joins the other ranks, runs a command with them and leaves them.
  ///
  /// - Parameters:
  ///   - presentation: the options for output, which tell whether to join.
  ///   - inRankOrder: true for sums in the order of the ranks, as deterministic runs need.
  ///   - body: the command; it is given nil for a process alone.
  /// - Returns: the exit code, which is the same at all ranks.
  static func withRanks(
    _ presentation: TrainPresentation, inRankOrder: Bool,
    _ body: (UpdateExchange?) throws -> Int32
  ) throws -> Int32 {
    guard presentation.ranks == .auto else { return try body(nil) }
    let ranks = try MPIRanks.join(inRankOrder: inRankOrder)
    guard ranks.count > 1 else { return try body(nil) }
    let exchange = UpdateExchange(ranks)
    let code: Int32
    if ranks.rank == 0 {
      // Told before the other ranks end: launchers kill all ranks when one ends with an error.
      code = Program.code {
        try Program.withUsage(of: .train) {
          defer { exchange.refuse() }
          return try body(exchange)
        }
      }
    } else {
      code = otherCode(exchange, body)
    }
    fflush(nil)
    // Hydra drops what it has not yet read when a rank ends with an error.
    for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
      SystemCalls.waitForReader(of: descriptor, atMostMilliseconds: 1000)
    }
    exchange.leave(code: code)
    return code
  }

  private static func otherCode(
    _ exchange: UpdateExchange, _ body: (UpdateExchange?) throws -> Int32
  ) -> Int32 {
    do {
      return try body(exchange)
    } catch {
      // Rank 0 tells what all ranks know.
      if !exchange.endsTogether {
        reportOnStandardError("rank \(exchange.ranks.rank): Error: \(error)")
      }
      return 1
    }
  }

  /// Makes a run, trains it and shows its progress and result.
  ///
  /// - Parameters:
  ///   - presentation: the options for output.
  ///   - exchange: the exchange with other ranks; nil for a process alone.
  ///   - makeRun: creates the run.
  /// - Returns: the exit code.
  static func train(
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
    if exchange != nil { noteBinding(actorCount: run.configuration.actorCount) }
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
      print(
        presentation.endsWithJSON
          ? summary.json : TrainPresentation.text(summary, of: run.configuration))
    }
    return exitCode(summary, wanted: run.configuration.untilReturn, isTold: isFirst)
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

  /// Tells if the launcher bound this rank to fewer cores than it has workers.
  private static func noteBinding(actorCount: Int) {
    let launcher = Launcher(ProcessInfo.processInfo.environment)
    if let note = launcher?.bindingNote(actorCount: actorCount) { reportOnStandardError(note) }
  }

  /// Refuses a command that is for one process, if a launcher started several.
  static func refuse(_ name: String) throws(UsageError) {
    guard let launcher = Launcher(ProcessInfo.processInfo.environment) else { return }
    throw UsageError(
      """
      \(launcher.family) started \(launcher.count) processes of '\(ProgramName.shown) \(name)', \
      which runs in one: start it without a launcher, or as one task.
      """)
  }
}
