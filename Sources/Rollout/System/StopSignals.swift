import Glibc
import Synchronization

/// The signals that ask a program to end, and can be answered.
package enum StopSignals {
  /// Signals by which a person or a service asks.
  package static let requests = [SIGINT, SIGQUIT, SIGTERM]

  /// Signals that a terminal, a batch system or the kernel sends some time before it kills.
  ///
  /// A terminal closes (SIGHUP), the time of a job is nearly over (SIGUSR1, SIGUSR2), the processor
  /// time of a process is over (SIGXCPU, once a second), the power fails (SIGPWR).
  package static let notices = [SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU, SIGPWR]

  /// The signal that asked this process to stop first; 0 while none has, or where nobody listens.
  package static let requested = Atomic<Int32>(0)

  /// Ignores a signal from now on, in this process and in those that it starts.
  package static func ignore(_ number: Int32) { _ = signal(number, SIG_IGN) }

  /// Answers signals with a function, except those that the process was started with as ignored.
  ///
  /// `nohup` has SIGHUP ignored, a shell's script SIGINT for programs in the background.
  ///
  /// - Returns: the signals that are answered.
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
