import Glibc
import Learner
import Rollout

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
        // The reader may have made the pipe non-blocking, which affects both ends.
        guard error.code == EAGAIN else { throw error }
        var entry = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        poll(&entry, 1, -1)
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
      failure = failure ?? error
    }
    guard let failure else { return code }
    reportOnStandardError("Error: the result could not be written to standard output: \(failure).")
    return code == 0 ? 1 : code
  }
}
