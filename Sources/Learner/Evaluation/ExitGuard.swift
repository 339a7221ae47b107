import Glibc

/// Reports a call of `exit` by an environment in this process as a failure.
///
/// An environment that runs in this process can end the program, with an exit code that looks like
/// success.
package enum ExitGuard {
  /// The activity that an exit would interrupt; nil while the program itself may exit.
  ///
  /// Only the thread that plays accesses it.
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
  /// - Parameter activity: a name of the activity, such as "an evaluation".
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
