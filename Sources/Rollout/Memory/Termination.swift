import Glibc
import Synchronization

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
