import Glibc
import Rollout
import Synchronization

/// The handling of Ctrl-C, SIGTERM and other signals that ask a run to save, close and end.
///
/// A second Ctrl-C, SIGTERM or SIGQUIT ends the process at once. Other signals do not, because a
/// terminal, a batch system or the kernel may send them again while the run saves.
///
/// The handlers only access atomic words, which is async-signal-safe.
public enum Interruption {
  /// The first SIGINT, SIGQUIT or SIGTERM; 0 if there was none.
  private static let request = Atomic<Int32>(0)

  /// Installs the handlers and unblocks their signals.
  ///
  /// Signals that were ignored when the process started stay ignored, such as SIGHUP under `nohup`.
  /// Call it on the main thread, before other threads start.
  public static func listen() {
    Terminal.leaveAlternateScreen()
    // Initialized before a handler can run, because a handler must not initialize them.
    StopSignals.requested.store(0, ordering: .relaxed)
    request.store(0, ordering: .relaxed)
    var answered = StopSignals.answer(StopSignals.requests) { number in
      _ = StopSignals.requested.compareExchange(expected: 0, desired: number, ordering: .relaxed)
      // Workers need no signal: they leave when this process is gone.
      guard Interruption.request.exchange(number, ordering: .relaxed) != 0 else { return }
      Terminal.leaveAlternateScreen()
      _exit(128 + number)
    }
    answered += StopSignals.answer(StopSignals.notices) { number in
      _ = StopSignals.requested.compareExchange(expected: 0, desired: number, ordering: .relaxed)
    }
    SystemCalls.unblockSignals(answered)
  }

  /// Requests the end, as SIGTERM does, as soon as the other end of a pipe is closed.
  ///
  /// Call it after ``listen()``.
  package static func stop(whenClosed descriptor: Int32) {
    HangUpWatch.start(descriptor, name: "input-watch") {
      _ = StopSignals.requested.compareExchange(expected: 0, desired: SIGTERM, ordering: .relaxed)
      // Ends a wait in the main thread. It does not count as a second request.
      try? SystemCalls.kill(SystemCalls.processIdentifier, signal: SIGUSR2)
    }
  }

  /// The signal that asked to stop, or nil.
  public static var requested: Int32? {
    let number = StopSignals.requested.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}
