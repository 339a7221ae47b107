import Rollout

/// The choice between one thread and all of a pool for one kind of update, by measured time.
struct ThreadChoice {
  private let threads: ThreadPool
  // Threads that have slept are slower in the first update after a change than in the next ones.
  private var comparison = PaceComparison(turnLength: 4)
  private var began: UInt64 = 0

  /// Creates the choice; nil if the number of threads is fixed.
  init?(_ threads: ThreadPool?) {
    guard let threads, threads.isAdaptive, threads.threadCount > 1 else { return nil }
    self.threads = threads
  }

  /// Begins an update in the way that is next.
  mutating func begin() {
    threads.isPaused = !comparison.isSecondNext
    began = SystemCalls.monotonicNanoseconds()
  }

  /// Ends the update and measures it.
  mutating func end() {
    comparison.add(nanoseconds: SystemCalls.monotonicNanoseconds() - began)
  }
}
