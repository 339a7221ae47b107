import Foundation
import Glibc
import Rollout

/// A lock on the directory of a run against other processes that would train in it.
package final class RunLock {
  let directory: Descriptor

  /// Locks a directory until the end of this value's life, or of this process.
  ///
  /// - Throws: `RecordError` if another process holds the lock.
  package init(_ run: RunDirectory) throws(RecordError) {
    do {
      directory = try SystemCalls.open(run.url.path, O_RDONLY | O_DIRECTORY)
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
}
