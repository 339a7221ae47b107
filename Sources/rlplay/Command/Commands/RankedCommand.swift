import Foundation
import Glibc
import Learner
import Rollout

/// Runs a command as one of several ranks if a launcher of MPI started it so.
enum RankedCommand {
  /// Joins the other ranks, runs a command with them and leaves them.
  ///
  /// - Parameters:
  ///   - presentation: the options for output, which tell whether to join.
  ///   - inRankOrder: true for sums in the order of the ranks, as deterministic runs need.
  ///   - body: the command; it is given nil for a process alone.
  /// - Returns: the exit code, which is the same at all ranks.
  static func run(
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

  /// Tells if the launcher bound this rank to fewer cores than it has workers.
  static func noteBinding(actorCount: Int) {
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
