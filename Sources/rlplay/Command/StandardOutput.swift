import Glibc
import Learner
import Rollout
import Synchronization

/// Prints a line of a command's result without buffering, even to a file or a pipe.
///
/// It shadows Swift's `print`, which ignores write errors; see ``StandardOutput``.
func print(_ line: String) {
  // The line may contain text from files.
  StandardOutput.write(line.escapingControls(keepingLines: true) + "\n")
}

/// Standard output, where commands write their results.
///
/// A failed write does not stop the command. After it nothing more is written, and ``finish(_:)``
/// reports it.
enum StandardOutput {
  /// The first failure.
  private static let failure = Mutex<SystemError?>(nil)

  /// Writes text.
  static func write(_ text: String) {
    failure.withLock { failure in
      guard failure == nil else { return }
      do throws(SystemError) {
        // The reader may have made the pipe non-blocking, which affects both ends.
        try SystemCalls.writeAll(STDOUT_FILENO, Array(text.utf8), waits: true)
      } catch {
        failure = error
      }
    }
  }

  /// Reports a failed write, if there was one.
  ///
  /// - Parameter code: the exit code of the command.
  /// - Returns: the exit code of the program; 1 if the result of a successful command was not
  ///   written.
  static func finish(_ code: Int32) -> Int32 {
    do throws(SystemError) {
      // Some file systems report a full disk only when a descriptor is closed.
      try SystemCalls.close(SystemCalls.duplicate(STDOUT_FILENO))
    } catch {
      failure.withLock { $0 = $0 ?? error }
    }
    guard let failure = failure.withLock({ $0 }) else { return code }
    reportOnStandardError("Error: the result could not be written to standard output: \(failure).")
    return code == 0 ? 1 : code
  }
}
