import Foundation
import TestSupport
import Testing

extension ProcessTests {
  /// Tests of ranks that a real launcher started.
  @Suite(.enabled(if: MPI.mayBeUsed, Comment(rawValue: MPI.absence)), .timeLimit(.minutes(10)))
  struct RankTests {
    private func run(
      _ mpi: MPI, _ rankCount: Int, _ name: String, environment: [String: String] = [:]
    ) throws -> RunningProgram.Outcome {
      try mpi.run(
        rankCount, Executable.faultyTrainer, ["ranks", name], environment: environment)
    }

    @Test(arguments: MPI.allCases, [2, 3])
    func `sums, broadcasts and gathered bytes are right`(mpi: MPI, rankCount: Int) throws {
      let outcome = try run(mpi, rankCount, "exchange")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.output.hasPrefix("\(rankCount) ranks on 1 host by \(mpi) "))
    }

    @Test(arguments: MPI.allCases)
    func `a rank that waits leaves its core to others`(mpi: MPI) throws {
      let outcome = try run(mpi, 2, "late")
      let figures = outcome.output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
      try #require(figures.count == 2, "\(outcome)")
      // A loop in the library takes the whole second of a core.
      #expect(figures[0] < 0.6)
      // About one call in a millisecond, fewer on a busy machine.
      #expect(figures[1] > 20)
    }

    @Test(arguments: MPI.allCases)
    func `a child process does not inherit what makes a rank`(mpi: MPI) throws {
      let outcome = try run(mpi, 2, "child")
      #expect(outcome.output == "true []\n", "\(outcome.errors)")
    }

    @Test(arguments: MPI.allCases)
    func `a killed rank ends all ranks`(mpi: MPI) throws {
      let outcome = try run(mpi, 3, "kill")
      #expect(outcome.exitCode != 0)
    }

    @Test(arguments: MPI.allCases)
    func `a rank that aborts ends all ranks with its code`(mpi: MPI) throws {
      let outcome = try run(mpi, 3, "abort")
      #expect(outcome.exitCode == 7, "\(outcome.errors)")
    }

    @Test func `sums in rank order have the same bytes with both libraries`() throws {
      for rankCount in [2, 3] {
        let outcomes = try MPI.allCases.map { mpi in
          try mpi.run(
            rankCount, Executable.rlplay,
            [
              "bench", "--json", "--seconds", "0.01", "--only",
              "allreduce_362,allreduce_in_order_10k",
            ])
        }
        for (mpi, outcome) in zip(MPI.allCases, outcomes) {
          #expect(outcome.exitCode == 0, "\(outcome.errors)")
          // Rank 0 alone speaks.
          #expect(outcome.output.split(separator: "\n").count == 1)
          #expect(outcome.json["ranks"] as? Int == rankCount)
          #expect((outcome.json["library"] as? String)?.hasPrefix(mpi.description) == true)
          for name in ["allreduce_362", "allreduce_in_order_10k"] {
            #expect((outcome.json["\(name)_microseconds"] as? Double).map { $0 > 0 } == true)
          }
        }
        let checksums = outcomes.map { $0.json["checksum_in_order"] as? String }
        #expect(checksums[0] != nil && checksums[0] == checksums[1])
      }
    }

    @Test(arguments: MPI.allCases)
    func `the library of another launcher is refused in a sentence`(mpi: MPI) throws {
      let other: MPI = mpi == .openMPI ? .mpich : .openMPI
      let outcome = try mpi.run(
        2, Executable.rlplay, ["bench", "--only", "allreduce"],
        environment: ["RLPLAY_MPI_LIBRARY": other.library])
      #expect(outcome.exitCode == 1)
      // Hydra does not end rank 1, which says the same later.
      let sentences = outcome.errorLines.filter {
        $0.hasPrefix("Error: ") && !$0.hasPrefix("Error: rank 1: ")
      }
      #expect(sentences.count == 1, "\(outcome.errors)")
      let sentence = try #require(sentences.first)
      #expect(sentence.contains("started 2 ranks"))
      #expect(sentence.contains("(\(other.library)) finds 1: it is not the launcher's library"))
      #expect(sentence.hasSuffix("name that one in RLPLAY_MPI_LIBRARY"))
    }
  }

  /// Tests of processes that take themselves for ranks, or do not, without a launcher.
  struct LaunchTests {
    private func bench(_ environment: [String: String]) throws -> RunningProgram.Outcome {
      try RunningProgram.run(
        Executable.rlplay, ["bench", "--only", "allreduce"], environment: environment)
    }

    @Test func `several processes without a library are refused`() throws {
      let outcome = try bench([
        "OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2",
        "RLPLAY_MPI_LIBRARY": "/nowhere/libmpi.so",
      ])
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.errorLines.last?.hasPrefix(
          """
          Error: Open MPI's mpirun started 2 ranks, but no MPI library was found: install the one \
          of the launcher, name its file in RLPLAY_MPI_LIBRARY, or use --ranks off for independent \
          runs (/nowhere/libmpi.so: cannot open
          """) == true, "\(outcome.errors)")
    }

    @Test func `tasks of Slurm that cannot find each other are refused`() throws {
      let outcome = try bench(["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "4"])
      #expect(outcome.exitCode == 1)
      #expect(
        outcome.errorLines.last?.hasPrefix(
          "Error: Slurm's srun started 4 tasks without a means to find each other: use srun "
            + "--mpi=pmix") == true, "\(outcome.errors)")
    }

    @Test func `a file that is no MPI library is refused by the function that it lacks`() throws {
      let outcome = try bench([
        "PMI_RANK": "0", "PMI_SIZE": "2", "RLPLAY_MPI_LIBRARY": "libm.so.6",
      ])
      #expect(
        outcome.errorLines.last == """
          Error: libm.so.6 has no MPI_Get_library_version: it is no MPI library, or older than MPI 3
          """)
    }

    @Test func `sums over several processes are not measured by one`() throws {
      let outcome = try bench([:])
      #expect(outcome.exitCode == 64)
      #expect(outcome.errors.contains("start it with mpirun -n 2 rlplay bench --only allreduce."))
    }
  }
}
