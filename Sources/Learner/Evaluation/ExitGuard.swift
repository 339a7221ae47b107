import Glibc

/// Turns an environment's `exit` in this process into a failure with a sentence.
///
/// An environment that runs here can end the program, with an exit code that looks like success.
package enum ExitGuard {
  /// The activity that an exit would break off; nil while an exit is the program's own.
  ///
  /// Touched by the one thread that plays.
  nonisolated(unsafe) private static var activity: String?
  private static let isInstalled: Bool = {
    atexit {
      guard let activity = ExitGuard.activity else { return }
      Terminal.write(
        "Error: an environment ended the program during \(activity): it called exit.\n")
      fflush(nil)
      _exit(1)
    }
    return true
  }()

  /// Runs code during which the program must not exit; if it does, the exit code is 1.
  ///
  /// - Parameter activity: what is being done, such as "an evaluation".
  package static func during<Result>(
    _ activity: String, _ body: () throws -> Result
  ) rethrows -> Result {
    _ = isInstalled
    let before = self.activity
    self.activity = activity
    defer { self.activity = before }
    return try body()
  }
}
