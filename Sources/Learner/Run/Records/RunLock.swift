import Foundation
import Glibc
import Rollout

/// A lock on the directory of a run against other processes that would train in it.
///
/// `rlplay runs` shows a locked run as running. A loop of one's own locks its run until its end:
///
/// ```swift
/// let run = try RunDirectory.create(environment: "CartPole-v0", algorithm: "mine", seed: 1)
/// let lock = try RunLock(run)
/// // Train, and write the run's files.
/// lock.end(as: .done)
/// ```
public final class RunLock {
  let directory: Descriptor
  private let run: RunDirectory

  /// Locks a directory until the end of this value's life, or of this process.
  ///
  /// - Throws: `RecordError` if another process holds the lock.
  public init(_ run: RunDirectory) throws(RecordError) {
    self.run = run
    do {
      directory = try Self.open(run)
    } catch {
      throw RecordError(cannot: "open", path: run.path, error.code)
    }
    // On a file system without locks, the directory stays unlocked.
    guard (try? SystemCalls.lock(directory.rawValue)) ?? true else {
      throw RecordError(
        .occupied, path: run.path,
        "this run is still active in another process, which writes to '\(run.path)'; stop it first")
    }
  }

  deinit { try? SystemCalls.unlock(directory.rawValue) }

  /// Writes the end of the run to its directory, for `rlplay runs` and reports.
  ///
  /// A run without one is shown as interrupted once it is no longer locked. A failure to write it
  /// is ignored.
  ///
  /// - Parameters:
  ///   - state: the state of the run from now on.
  ///   - error: the sentence of the error that ended it; nil without one.
  public func end(as state: RunOverview.State, error: String? = nil) {
    RunEnding(state: state, error: error).write(to: run)
  }

  /// Returns true if a process holds the lock of a run; it is not taken to find out.
  static func isHeld(in run: RunDirectory) -> Bool {
    guard let directory = try? open(run) else { return false }
    return (try? SystemCalls.isLocked(directory.rawValue)) ?? false
  }

  private static func open(_ run: RunDirectory) throws(SystemError) -> Descriptor {
    try SystemCalls.open(run.url.path, O_RDONLY | O_DIRECTORY)
  }
}
