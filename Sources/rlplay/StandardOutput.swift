import Glibc
import Learner
import Rollout

/// Prints a line of a command's result, at once and also into a file or a pipe.
///
/// It takes the place of Swift's function, which does not tell of failures: see ``StandardOutput``.
func print(_ line: String) {
  // It may hold text from files.
  StandardOutput.write(line.escapingControls(keepingLines: true) + "\n")
}

/// Standard output, to which commands write their results.
///
/// A write that fails is no reason to stop what the command does. Nothing is written after it, and
/// ``finish(_:)`` reports it.
enum StandardOutput {
  /// The first failure; commands write on the main thread only.
  private nonisolated(unsafe) static var failure: SystemError?

  /// Writes text.
  static func write(_ text: String) {
    guard failure == nil else { return }
    Array(text.utf8).withUnsafeBytes { bytes in
      do throws(SystemError) {
        try write(bytes)
      } catch {
        failure = error
      }
    }
  }

  private static func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      do throws(SystemError) {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
        done += try SystemCalls.write(STDOUT_FILENO, rest)
      } catch {
        // Whoever reads may have made the pipe non-blocking, for both ends of it.
        guard error.code == EAGAIN else { throw error }
        var entry = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        poll(&entry, 1, -1)
      }
    }
  }

  /// Reports a failed write, if there was one.
  ///
  /// - Parameter code: the exit code for what came of the command.
  /// - Returns: the exit code to end with: 1 where a success could not be told.
  static func finish(_ code: Int32) -> Int32 {
    do throws(SystemError) {
      // Some file systems tell of a full disk only when a descriptor is closed.
      try SystemCalls.close(SystemCalls.duplicate(STDOUT_FILENO))
    } catch {
      failure = failure ?? error
    }
    guard let failure else { return code }
    reportOnStandardError("Error: the result could not be written to standard output: \(failure).")
    return code == 0 ? 1 : code
  }
}
