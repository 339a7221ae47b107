import Rollout

/// The choice between one thread and all of a pool for one kind of update, by measured pace.
///
/// The pace is the time from one update to the next, with all waits for batches: threads that speed
/// up an update may take the processor time that workers need to collect the next batch. Updates
/// are made in turns that are long enough to show this, each by one thread or by all.
struct ThreadChoice {
  /// The shortest turn, in updates and in nanoseconds.
  static let turnLength = (updates: 4, nanoseconds: UInt64(20_000_000))
  /// The part of the time that all threads have to save, as a divisor.
  static let leastGain: UInt64 = 20

  private let threads: ThreadPool
  private var comparison = PaceComparison()
  /// The updates in the present turn, and the time at which it began.
  private var updateCount = 0
  private var began: UInt64 = 0

  /// Creates the choice; nil if the number of threads is fixed.
  init?(_ threads: ThreadPool?) {
    guard let threads, threads.isAdaptive, threads.threadCount > 1 else { return nil }
    self.threads = threads
  }

  /// Chooses the threads of the update that begins now.
  mutating func beginUpdate(at now: UInt64 = SystemCalls.monotonicNanoseconds()) {
    let elapsed = now &- began
    if updateCount >= Self.turnLength.updates, elapsed >= Self.turnLength.nanoseconds {
      let pace = elapsed / UInt64(updateCount)
      comparison.add(
        nanoseconds: comparison.isSecondNext ? pace + pace / Self.leastGain : pace)
      updateCount = 0
    }
    if updateCount == 0 { began = now }
    updateCount += 1
    threads.isPaused = !comparison.isSecondNext
  }
}
