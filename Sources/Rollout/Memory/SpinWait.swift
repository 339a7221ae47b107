/// The wait of a process that looks for work again and again before it parks.
///
/// Being woken takes a process two system calls, and its waker one. If the machine has a processor
/// for the learner and each worker, looking takes less. With fewer processors there is a single
/// look, since the processor is needed by whoever makes the work. Other programs may need it too:
/// after a wait in vain, the next ones look only once, up to 64 of them.
package final class SpinWait {
  /// The time of a wait in nanoseconds.
  private static let limit: UInt64 = 50_000

  private let isOn: Bool
  /// The number of waits with a single look that come next.
  private var restingWaits = 0
  /// The number of such waits after another one in vain.
  private var nextRest = 1

  /// Creates the wait of one process.
  ///
  /// - Parameters:
  ///   - processCount: the number of processes of the run, learner included.
  ///   - processorCount: the number of processors for them.
  package init(processCount: Int, processorCount: Int = SystemCalls.allowedCoreCount) {
    isOn = processCount <= processorCount
  }

  /// Looks for work until there is some, for at most 50 µs.
  ///
  /// - Parameter look: a look for work, which returns its number or nil if there is none.
  /// - Returns: the number, or nil if there is no work yet.
  package func wait(_ look: () -> Int?) -> Int? {
    if let work = look() { return work }
    guard isOn else { return nil }
    guard restingWaits == 0 else {
      restingWaits -= 1
      return nil
    }
    let began = SystemCalls.monotonicNanoseconds()
    repeat {
      for _ in 0..<16 {
        if let work = look() {
          nextRest = 1
          return work
        }
      }
    } while SystemCalls.monotonicNanoseconds() - began < Self.limit
    restingWaits = nextRest
    nextRest = min(2 * nextRest, 64)
    return nil
  }
}
