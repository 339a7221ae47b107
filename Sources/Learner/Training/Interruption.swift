import Glibc
import Rollout
import Synchronization

/// Ctrl-C, SIGTERM and other signals that ask to stop: the run saves, closes and ends.
///
/// A second Ctrl-C, SIGTERM or SIGQUIT ends the process at once. Other signals do not, because a
/// terminal, a batch system or the kernel may send them again while the run saves.
///
/// The handler only touches atomic words, which is allowed at any instruction.
public enum Interruption {
  /// The first signal of a person or a service; 0 while none has come.
  private static let request = Atomic<Int32>(0)

  /// Answers the signals from now on, even if whoever started this process had them blocked.
  ///
  /// Signals that the process was started with as ignored stay ignored, such as SIGHUP under
  /// `nohup`. Call it on the main thread, before others are started.
  public static func listen() {
    // Made before a handler can run, for making it is not allowed inside one.
    StopSignals.requested.store(0, ordering: .relaxed)
    request.store(0, ordering: .relaxed)
    var answered = StopSignals.answer(StopSignals.requests) { number in
      _ = StopSignals.requested.compareExchange(expected: 0, desired: number, ordering: .relaxed)
      // Nothing is left to do here for workers: they leave when this process is gone.
      if Interruption.request.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
    }
    answered += StopSignals.answer(StopSignals.notices) { number in
      _ = StopSignals.requested.compareExchange(expected: 0, desired: number, ordering: .relaxed)
    }
    SystemCalls.unblockSignals(answered)
  }

  /// The signal that asked to stop, or nil.
  public static var requested: Int32? {
    let number = StopSignals.requested.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}
