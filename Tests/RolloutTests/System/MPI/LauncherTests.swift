import Foundation
import Testing

@testable import Rollout

struct LauncherTests {
  @Test func `each launcher is known by its variables`() throws {
    let open = try #require(
      Launcher(["OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "4", "PMIX_RANK": "1"]))
    #expect(open.family == .openMPI)
    #expect((open.rank, open.count) == (1, 4))
    #expect(open.countVariable == "OMPI_COMM_WORLD_SIZE")
    let hydra = try #require(
      Launcher(["PMI_RANK": "2", "PMI_SIZE": "3", "PMI_FD": "7", "HYDI_CONTROL_FD": "6"]))
    #expect(hydra.family == .mpich)
    #expect((hydra.rank, hydra.count, hydra.connects) == (2, 3, true))
  }

  @Test func `a step of Slurm is a launch, an allocation is not`() throws {
    let task = ["SLURM_PROCID": "2", "SLURM_STEP_NUM_TASKS": "8", "SLURM_NTASKS": "8"]
    let alone = try #require(Launcher(task))
    #expect(alone.family == .slurm)
    #expect((alone.rank, alone.count, alone.connects) == (2, 8, false))
    #expect(try #require(Launcher(task.merging(["PMIX_RANK": "2"]) { $1 })).connects)
    let pmi = try #require(Launcher(task.merging(["PMI_RANK": "2", "PMI_SIZE": "8"]) { $1 }))
    #expect(pmi.family == .slurm)
    #expect(pmi.connects)
    #expect(Launcher(["SLURM_PROCID": "0", "SLURM_NTASKS": "8"]) == nil)
    #expect(Launcher(["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"]) == nil)
  }

  @Test func `a single process is no launch of several`() {
    #expect(Launcher([:]) == nil)
    #expect(Launcher(["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1"]) == nil)
    #expect(Launcher(["PMI_RANK": "0"]) == nil)
    #expect(Launcher(["PMI_RANK": "0", "PMI_SIZE": "two"]) == nil)
  }

  @Test func `a rank that is bound to too few cores gets the remedy`() throws {
    let open = try #require(Launcher(["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"]))
    #expect(
      open.bindingNote(actorCount: 16, allowedCoreCount: 1, coreCount: 64) == """
        rank 0 and its 16 workers may use 1 of 64 cores, because the launcher bound it: start with \
        mpirun --bind-to none, or --map-by ppr:1:node --bind-to none
        """)
    let slurm = try #require(Launcher(["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "2"]))
    #expect(
      slurm.bindingNote(actorCount: 16, allowedCoreCount: 2, coreCount: 64)?
        .hasSuffix("srun --cpus-per-task 16, or --cpu-bind=none") == true)
    // Enough cores for the workers, or all that the machine has.
    #expect(open.bindingNote(actorCount: 16, allowedCoreCount: 16, coreCount: 64) == nil)
    #expect(open.bindingNote(actorCount: 16, allowedCoreCount: 2, coreCount: 2) == nil)
  }

  @Test func `cores are counted in the kernel's notation`() {
    #expect(SystemCalls.coreCount(inList: "0") == 1)
    #expect(SystemCalls.coreCount(inList: "0-3,8,10-11") == 7)
    #expect(SystemCalls.allowedCoreCount >= 1)
    #expect(SystemCalls.allowedCoreCount <= SystemCalls.coreCount)
  }
}

struct MPILibraryTests {
  @Test func `name and version are taken from the library's text`() {
    let texts = [
      "Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, repo rev: v4.1.4": "Open MPI 4.1.4",
      "MPICH Version:      4.0.2": "MPICH 4.0.2",
      "MPICH Version:\t5.0.2": "MPICH 5.0.2",
      "Intel(R) MPI Library 2021.19 for Linux* OS": "Intel(R) MPI 2021.19",
      "MVAPICH Version:    3.0": "MVAPICH 3.0",
    ]
    for (text, name) in texts { #expect(MPILibrary.name(version: text) == name) }
  }

  @Test func `the launcher's own library is tried first, and a named one alone`() throws {
    let hydra = ["PMI_RANK": "0", "PMI_SIZE": "2"]
    let open = ["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"]
    func candidates(_ launch: [String: String], named: String = "") throws -> [String] {
      let environment = launch.merging(["RLPLAY_MPI_LIBRARY": named]) { $1 }
      return MPILibrary.candidates(environment, launcher: try #require(Launcher(environment)))
    }
    #expect(try candidates(hydra).first == "libmpich.so.12")
    #expect(try candidates(open).first == "libmpi.so.40")
    let step = ["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "2"]
    #expect(try candidates(step.merging(["PMIX_RANK": "0"]) { $1 }).first == "libmpi.so.40")
    #expect(try candidates(step.merging(hydra) { $1 }).first == "libmpich.so.12")
    #expect(try Set(candidates(hydra)) == Set(candidates(open)))
    #expect(try candidates(open, named: "/opt/libmpi.so") == ["/opt/libmpi.so"])
  }
}

struct PatienceTests {
  @Test func `a rank yields for about as long as operations took, then sleeps`() {
    var patience = Patience()
    for _ in 0..<10 { patience.record(200_000, byteCount: 40_000) }
    #expect(patience.sleepNanoseconds(after: 200_000, byteCount: 40_000) == 0)
    #expect(patience.sleepNanoseconds(after: 600_000, byteCount: 40_000) == 20_000)
    #expect(patience.sleepNanoseconds(after: 10_000_000, byteCount: 40_000) == 50_000)
    // Another size has its own times.
    #expect(patience.sleepNanoseconds(after: 600_000, byteCount: 1500) == 20_000)
  }

  @Test func `waiting for late ranks does not lengthen it beyond a millisecond`() {
    var patience = Patience()
    for _ in 0..<1000 { patience.record(1_000_000_000, byteCount: 8) }
    #expect(patience.sleepNanoseconds(after: 900_000, byteCount: 8) == 0)
    #expect(patience.sleepNanoseconds(after: 1_000_001, byteCount: 8) > 0)
    // Short operations end it.
    for _ in 0..<30 { patience.record(3000, byteCount: 8) }
    #expect(patience.sleepNanoseconds(after: 200_000, byteCount: 8) > 0)
  }
}
