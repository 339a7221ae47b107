import Glibc
import Rollout
import Synchronization

/// Reports a call of `exit` by an environment in this process as a failure.
///
/// An environment that runs in this process can end the program, with an exit code that looks like
/// success.
package enum ExitGuard {
  /// The activities that an exit would interrupt; empty while the program itself may exit.
  ///
  /// A program may run several at once, as the tests do.
  private static let activities = Mutex<[String]>([])
  private static let isInstalled: Bool = {
    atexit {
      guard let activity = ExitGuard.activities.withLock({ $0.last }) else { return }
      Terminal.leaveAlternateScreen()
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
    activities.withLock { $0.append(activity) }
    defer {
      activities.withLock { activities in
        if let place = activities.lastIndex(of: activity) { activities.remove(at: place) }
      }
    }
    return try body()
  }
}
