import Glibc
import Rollout
import Synchronization

/// Ctrl-C and SIGTERM: the first one asks to stop, a second one ends the process at once.
///
/// The handlers only touch one atomic word, the one thing that is allowed at any instruction.
public enum Interruption {
  /// The signal that asked to stop; 0 while none has.
  private static let word = Atomic<Int32>(0)

  /// Listens for both signals from now on, even if whoever started this process had them blocked.
  ///
  /// Call it on the main thread, before others are started.
  public static func listen() {
    // Made before a handler can run, for making it is not allowed inside one.
    word.store(0, ordering: .relaxed)
    let numbers = [SIGINT, SIGTERM]
    for number in numbers {
      signal(number) { number in
        // Nothing is left to do here for workers: they leave when this process is gone.
        if Interruption.word.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
      }
    }
    SystemCalls.unblockSignals(numbers)
  }

  /// The signal that asked to stop, or nil.
  public static var requested: Int32? {
    let number = word.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }
}
