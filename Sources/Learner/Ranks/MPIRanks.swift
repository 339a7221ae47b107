import Foundation
import Glibc
import Rollout

extension MPIWorld: Ranks {}

/// The ranks that `mpirun` or another launcher of MPI started.
package enum MPIRanks {
  /// Joins the ranks if a launcher started this process as one of several.
  ///
  /// Otherwise nothing is searched, opened or initialized. Call it on the main thread, which then
  /// makes all calls, and before ``Interruption/listen()``: some libraries handle signals too.
  ///
  /// - Parameters:
  ///   - environment: the variables of this process.
  ///   - inRankOrder: true for sums of `Float` in the order of the ranks, for deterministic runs.
  /// - Throws: `RankError` if several processes were started that cannot join.
  package static func join(
    environment: [String: String] = ProcessInfo.processInfo.environment, inRankOrder: Bool
  ) throws(RankError) -> any Ranks {
    guard let launcher = Launcher(environment) else { return Alone() }
    do throws(RankError) {
      if !launcher.connects {
        throw RankError(
          """
          \(launcher.family) started \(launcher.count) tasks without a means to find each other: \
          use srun --mpi=pmix ('srun --mpi=list' lists what there is), or --ranks off for \
          independent runs
          """)
      }
      return try MPIWorld(
        MPILibrary(environment, launcher: launcher), launcher: launcher,
        addsInRankOrder: inRankOrder)
    } catch {
      guard launcher.rank > 0 else { throw error }
      // All ranks fail mostly for the same reason: rank 0 tells it, the launcher ends the others.
      sleep(2)
      throw RankError("rank \(launcher.rank): \(error)")
    }
  }
}
