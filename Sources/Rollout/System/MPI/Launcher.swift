/// The program that started this process as one of several, as told by environment variables.
///
/// A batch script that calls a program once, even one with several tasks (`salloc`, `sbatch`), is
/// no such launch.
package struct Launcher: Sendable, Equatable {
  /// The programs that start ranks, by the libraries that can join them.
  package enum Family: Sendable {
    /// The `mpirun` of Open MPI.
    case openMPI
    /// Hydra, the `mpiexec` of MPICH, Intel MPI and MVAPICH.
    case mpich
    /// The `srun` of Slurm, for any library.
    case slurm
  }

  package let family: Family
  /// The number of this process among those that were started.
  package let rank: Int
  /// The number of processes that were started.
  package let count: Int
  /// The name of the variable that holds ``count``.
  package let countVariable: String
  /// False if the processes have no means to find each other, such as PMI.
  package let connects: Bool

  /// Returns nil for a process that was not started as one of several.
  package init?(_ environment: [String: String]) {
    let known: [(family: Family, rank: String, count: String)] = [
      (.openMPI, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
      (.mpich, "PMI_RANK", "PMI_SIZE"),
      (.slurm, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
    ]
    for (family, rankVariable, countVariable) in known {
      guard let rank = environment[rankVariable].flatMap({ Int($0) }),
        let count = environment[countVariable].flatMap({ Int($0) }), count > 1
      else { continue }
      // Slurm's plug-in for PMI sets the same variables as Hydra, but starts any library.
      let isSlurm = environment["SLURM_STEP_NUM_TASKS"] == "\(count)" && family == .mpich
      self.family = isSlurm && environment["HYDI_CONTROL_FD"] == nil ? .slurm : family
      self.rank = rank
      self.count = count
      self.countVariable = countVariable
      connects =
        family != .slurm
        || environment.keys.contains { $0.hasPrefix("PMIX_") || $0.hasPrefix("PMI_") }
      return
    }
    return nil
  }

  /// Returns true for a variable by which a child process would take itself for a rank.
  package static func isForRanks(variable: String) -> Bool {
    let prefixes = [
      "OMPI_", "PMIX_", "PMI_", "HYDI_", "HYDRA_", "MPIR_CVAR_", "MPI_LOCAL", "PRTE_", "OPAL_",
    ]
    return prefixes.contains { variable.hasPrefix($0) }
  }

  /// Returns the sentence for a rank whose launcher bound it to too few cores, or nil.
  ///
  /// Workers inherit the cores to which a rank is bound.
  ///
  /// - Parameters:
  ///   - actorCount: the number of workers of this rank.
  ///   - allowedCoreCount: the number of cores on which this process may run.
  ///   - coreCount: the number of cores of the machine.
  package func bindingNote(
    actorCount: Int, allowedCoreCount: Int = SystemCalls.allowedCoreCount,
    coreCount: Int = SystemCalls.coreCount
  ) -> String? {
    guard allowedCoreCount < coreCount, allowedCoreCount < actorCount else { return nil }
    let remedy =
      switch family {
      case .openMPI: "mpirun --bind-to none, or --map-by ppr:1:node --bind-to none"
      case .mpich: "mpiexec -bind-to none, or I_MPI_PIN=0 with Intel MPI"
      case .slurm: "srun --cpus-per-task \(min(actorCount, coreCount)), or --cpu-bind=none"
      }
    return """
      rank \(rank) and its \(actorCount) workers may use \(allowedCoreCount) of \(coreCount) \
      cores, because the launcher bound it: start with \(remedy)
      """
  }
}

extension Launcher.Family: CustomStringConvertible {
  /// The name of the program.
  package var description: String {
    switch self {
    case .openMPI: "Open MPI's mpirun"
    case .mpich: "Hydra's mpiexec"
    case .slurm: "Slurm's srun"
    }
  }
}
