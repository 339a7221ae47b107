import Foundation
import Rollout

/// An implementation of MPI on this machine, to start several ranks with.
public enum MPI: String, CaseIterable, Sendable, CustomStringConvertible {
  case openMPI = "mpirun.openmpi"
  case mpich = "mpirun.mpich"

  /// True if tests that need both implementations run: if they are installed or required.
  ///
  /// Continuous integration sets `RLPLAY_REQUIRE_MPI=1` after it installed them. A missing one is
  /// then a failure instead of a skipped test.
  public static let mayBeUsed =
    ProcessInfo.processInfo.environment["RLPLAY_REQUIRE_MPI"] == "1"
    || allCases.allSatisfy { $0.launcher != nil }

  /// The reason for skipping a test that needs them.
  public static let absence =
    "mpirun.openmpi and mpirun.mpich (Debian's packages) are not installed"

  /// The name that Debian gives the library.
  public var library: String { self == .openMPI ? "libmpi.so.40" : "libmpich.so.12" }

  /// The name as its library tells it.
  public var description: String { self == .openMPI ? "Open MPI" : "MPICH" }

  private var launcher: URL? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { URL(fileURLWithPath: "\($0)/\(rawValue)") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// Starts a program as several ranks, which may be more than the machine has cores.
  ///
  /// Everything ends with the owner of the result.
  public func start(
    _ rankCount: Int, _ executable: URL, _ arguments: [String], in directory: URL? = nil,
    environment: [String: String] = [:]
  ) throws -> RunningProgram {
    guard let launcher else { throw ProgramFailure("\(rawValue) is not installed") }
    let options =
      self == .openMPI ? ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"] : []
    // Open MPI demands ssh even if it is not used, and copies between processes by a system call. A
    // container may lack the one and forbid the other.
    let isolated = [
      "OMPI_MCA_plm": "isolated", "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
    ]
    return try RunningProgram(
      launcher, options + ["-n", "\(rankCount)", executable.path] + arguments, in: directory,
      environment: isolated.merging(environment) { $1 })
  }

  /// Starts a program as several ranks and waits for its end.
  public func run(
    _ rankCount: Int, _ executable: URL, _ arguments: [String], in directory: URL? = nil,
    environment: [String: String] = [:], within seconds: Double = 30
  ) throws -> RunningProgram.Outcome {
    try start(rankCount, executable, arguments, in: directory, environment: environment)
      .waitForEnd(within: seconds)
  }
}
