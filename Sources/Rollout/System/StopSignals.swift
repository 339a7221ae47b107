import Glibc
import Synchronization

/// The signals that ask a program to end and that it can handle.
package enum StopSignals {
  /// Signals by which a person or a service requests the end.
  package static let requests = [SIGINT, SIGQUIT, SIGTERM]

  /// Signals that a terminal, a batch system or the kernel sends some time before it kills.
  ///
  /// A terminal closes (SIGHUP), a job's time is nearly over (SIGUSR1, SIGUSR2), a process has used
  /// its processor time (SIGXCPU, once per second), or the power fails (SIGPWR).
  package static let notices = [SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU, SIGPWR]

  /// The first signal that asked this process to stop; 0 if there was none or none is handled.
  package static let requested = Atomic<Int32>(0)

  /// Ignores a signal from now on, in this process and in the processes that it starts.
  package static func ignore(_ number: Int32) { _ = signal(number, SIG_IGN) }

  /// Installs a handler for those signals that are not ignored.
  ///
  /// A process may be started with ignored signals. `nohup` makes a program ignore SIGHUP, and a
  /// shell script makes programs in the background ignore SIGINT.
  ///
  /// - Returns: the signals that are now handled.
  package static func answer(
    _ numbers: [Int32], with handler: @escaping @convention(c) (Int32) -> Void
  ) -> [Int32] {
    let answered = numbers.filter { !isIgnored($0) }
    for number in answered { _ = signal(number, handler) }
    return answered
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    let ignored = unsafeBitCast(SIG_IGN, to: Int.self)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == ignored
  }
}

/// The answer of a worker or evaluation process to SIGTERM.
enum Termination {
  /// The word in shared memory that is set when the run is over.
  private nonisolated(unsafe) static var stoppingWord: UnsafeMutablePointer<AtomicWord>?

  /// Handles SIGTERM during the body: it ends this process if a word is set, and is ignored before.
  ///
  /// A batch system may send it to every process before environments are closed.
  static func follow<Result>(
    _ word: UnsafeMutablePointer<AtomicWord>, _ body: () throws -> Result
  ) rethrows -> Result {
    stoppingWord = word
    defer { stoppingWord = nil }
    _ = StopSignals.answer([SIGTERM]) { number in
      guard Termination.stoppingWord?.pointee.load(ordering: .relaxed) != 0 else { return }
      signal(number, SIG_DFL)
      kill(getpid(), number)
    }
    return try body()
  }
}
