import Glibc
import Synchronization

/// The memory through which the threads of a pool share work.
///
/// One word holds the work's number and the range of chunks that nobody has claimed. A chunk is
/// claimed by exchanging this word for one without it. The thread that asks claims the first chunk,
/// the others claim the last one: from one stretch of an update to the next, the same thread then
/// mostly has the same rows, which are in its caches. Only work that is not done has a chunk to
/// claim, so a thread that claims one reads the work that belongs to it. Words that several threads
/// write are in cache lines of their own.
final class ThreadBoard: @unchecked Sendable {
  /// The time that a thread spins without work before it sleeps.
  private static let spinNanoseconds: UInt64 = 50_000
  /// The wait for another thread, beyond two chunks, from which the processors count as busy.
  private static let stallNanoseconds: UInt64 = 100_000
  /// The ratio of the time without other threads to the wait before it.
  private static let restFactor: UInt64 = 16

  private let memory: UnsafeMutableRawPointer
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  /// The work in progress; set while no chunk can be claimed.
  private unowned(unsafe) var work: (any ChunkedWork)?
  /// The time until which one thread does all chunks; 0 for never.
  ///
  /// Other programs need the processors then. A thread that the system interrupts within a chunk
  /// keeps the one that asks waiting for milliseconds.
  private var restEnd: UInt64 = 0
  /// True if the thread that asks does all chunks; set while no chunk can be claimed.
  var isPaused = false
  /// The number of calls of `wake` that found a sleeper; guarded by the mutex.
  private var wakeCount = 0

  /// Work number and unclaimed chunks, as in `Claim`.
  private var claims: UnsafeMutablePointer<AtomicWord> { memory.word(at: 0) }
  /// The number of chunks of the present work that are done.
  private var doneCount: UnsafeMutablePointer<AtomicWord> { memory.word(at: 128) }
  /// The number of threads that sleep, and beside it 1 if the pool ends.
  private var sleeperCount: UnsafeMutablePointer<AtomicWord> { memory.word(at: 256) }
  private var isEnding: UnsafeMutablePointer<AtomicWord> { memory.word(at: 264) }

  init() {
    memory = .allocate(byteCount: 384, alignment: 128)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: 384)
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
    memory.deallocate()
  }

  // MARK: The thread that asks

  func run(_ chunkCount: Int, of work: any ChunkedWork) {
    precondition(chunkCount < 1 << Claim.bits, "\(chunkCount) chunks")
    if isResting {
      for chunk in 0..<chunkCount { work.run(chunk: chunk) }
      return
    }
    let began = SystemCalls.monotonicNanoseconds()
    let earlier = Claim(word: claims.pointee.load(ordering: .relaxed))
    self.work = work
    doneCount.pointee.store(0, ordering: .relaxed)
    claims.pointee.store(earlier.following(chunkCount: chunkCount).word, ordering: .releasing)
    var ownCount: UInt64 = 0
    while runChunk(isAsker: true) { ownCount &+= 1 }
    guard doneCount.pointee.load(ordering: .acquiring) < UInt64(chunkCount) else { return }
    // Only chunks that another thread has begun are left.
    let idle = SystemCalls.monotonicNanoseconds()
    var looks = 0
    while doneCount.pointee.load(ordering: .acquiring) < UInt64(chunkCount) {
      looks &+= 1
      if looks & 0xfff == 0 { sched_yield() }
    }
    let end = SystemCalls.monotonicNanoseconds()
    let usualWait = 2 &* (idle &- began) / max(ownCount, 1)
    if end &- idle > usualWait &+ Self.stallNanoseconds {
      restEnd = end &+ Self.restFactor &* (end &- idle)
    }
  }

  /// True while one thread does all chunks.
  private var isResting: Bool {
    if isPaused { return true }
    if restEnd == 0 { return false }
    if SystemCalls.monotonicNanoseconds() < restEnd { return true }
    restEnd = 0
    return false
  }

  func wake() {
    guard sleeperCount.pointee.load(ordering: .relaxed) > 0, !isResting else { return }
    pthread_mutex_lock(mutex)
    wakeCount &+= 1
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  func end() {
    isEnding.pointee.store(1, ordering: .releasing)
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  // MARK: All threads

  /// Claims a chunk and does it; returns false if there is none.
  ///
  /// - Parameter isAsker: true for the first chunk, false for the last one.
  @inline(__always)
  private func runChunk(isAsker: Bool) -> Bool {
    var word = claims.pointee.load(ordering: .acquiring)
    while true {
      let claim = Claim(word: word)
      guard let (chunk, rest) = claim.claimed(first: isAsker) else { return false }
      let (isClaimed, original) = claims.pointee.weakCompareExchange(
        expected: word, desired: rest.word, successOrdering: .acquiringAndReleasing,
        failureOrdering: .acquiring)
      if isClaimed {
        work?.run(chunk: chunk)
        doneCount.pointee.add(1, ordering: .acquiringAndReleasing)
        return true
      }
      word = original
    }
  }

  // MARK: Threads that help

  /// Does chunks until the pool ends.
  ///
  /// A thread that is woken while the thread that asks has its processor would otherwise displace
  /// it, and look for work that cannot come.
  func help() {
    SystemCalls.waitForProcessors()
    var lastWork = SystemCalls.monotonicNanoseconds()
    var looks = 0
    while isEnding.pointee.load(ordering: .acquiring) == 0 {
      if runChunk(isAsker: false) {
        looks = 0
        continue
      }
      looks &+= 1
      if looks == 1 { lastWork = SystemCalls.monotonicNanoseconds() }
      guard looks & 0xff == 0 else { continue }
      if SystemCalls.monotonicNanoseconds() &- lastWork > Self.spinNanoseconds {
        sleep()
        looks = 0
      }
    }
  }

  /// Sleeps until the next call of `wake` or `end`.
  private func sleep() {
    pthread_mutex_lock(mutex)
    let seen = wakeCount
    sleeperCount.pointee.add(1, ordering: .relaxed)
    while wakeCount == seen, isEnding.pointee.load(ordering: .acquiring) == 0 {
      pthread_cond_wait(condition, mutex)
    }
    sleeperCount.pointee.subtract(1, ordering: .relaxed)
    pthread_mutex_unlock(mutex)
  }
}

/// The work's number and its unclaimed chunks in one word.
private struct Claim {
  /// The number of bits of each bound of the range; the work's number has the others.
  static let bits = 20

  var number: UInt64
  var unclaimed: Range<Int>

  private init(number: UInt64, unclaimed: Range<Int>) {
    self.number = number
    self.unclaimed = unclaimed
  }

  init(word: UInt64) {
    let mask = UInt64(1) << UInt64(Self.bits) - 1
    let bounds = (
      lower: Int(word & mask), upper: Int(word >> UInt64(Self.bits) & mask)
    )
    number = word >> UInt64(2 * Self.bits)
    unclaimed = Range(uncheckedBounds: bounds)
  }

  var word: UInt64 {
    number << UInt64(2 * Self.bits) | UInt64(unclaimed.upperBound) << UInt64(Self.bits)
      | UInt64(unclaimed.lowerBound)
  }

  /// Returns the first or the last chunk and the word without it; nil if there is none.
  func claimed(first: Bool) -> (chunk: Int, rest: Claim)? {
    guard !unclaimed.isEmpty else { return nil }
    let (lower, upper) = (unclaimed.lowerBound, unclaimed.upperBound)
    return first
      ? (lower, Claim(number: number, unclaimed: lower + 1..<upper))
      : (upper - 1, Claim(number: number, unclaimed: lower..<upper - 1))
  }

  /// Returns the word of the next work.
  func following(chunkCount: Int) -> Claim {
    Claim(number: number &+ 1, unclaimed: 0..<chunkCount)
  }
}
