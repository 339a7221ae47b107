import Glibc
import Rollout
import Synchronization
import Testing

/// Tests that the chunks of a pool's work are done once each, by all of its threads.
@Suite(.timeLimit(.minutes(10)))
struct ThreadPoolTests {
  /// Work that counts how often each chunk is done, in memory that is not atomic.
  private final class Counting: ChunkedWork, @unchecked Sendable {
    let counts: FlatVector<Int>

    init(_ chunkCount: Int) { counts = FlatVector(repeating: 0, count: chunkCount) }

    func run(chunk: Int) { counts[chunk] += 1 }
  }

  /// Work with chunks that end when all of them have begun.
  private final class Meeting: ChunkedWork, @unchecked Sendable {
    let pool: ThreadPool
    let count: Int
    let arrived = Atomic<Int>(0)

    init(_ pool: ThreadPool, count: Int) {
      self.pool = pool
      self.count = count
    }

    func run(chunk: Int) {
      arrived.add(1, ordering: .relaxed)
      // A thread that has just fallen asleep takes part when it is woken.
      while arrived.load(ordering: .relaxed) < count { pool.wake() }
    }
  }

  /// Work whose second thread takes long, and that notes the threads of its chunks.
  private final class Stalling: ChunkedWork, @unchecked Sendable {
    let pool: ThreadPool
    let caller = pthread_self()
    let stallNanoseconds: UInt64
    let arrived = Atomic<Int>(0)
    let otherCount = Atomic<Int>(0)

    init(_ pool: ThreadPool, stallNanoseconds: UInt64) {
      self.pool = pool
      self.stallNanoseconds = stallNanoseconds
    }

    func run(chunk: Int) {
      if pthread_equal(pthread_self(), caller) == 0 {
        otherCount.add(1, ordering: .relaxed)
        arrived.add(1, ordering: .relaxed)
        let end = SystemCalls.monotonicNanoseconds() + stallNanoseconds
        while SystemCalls.monotonicNanoseconds() < end {}
      } else if stallNanoseconds > 0 {
        while arrived.load(ordering: .relaxed) == 0 { pool.wake() }
      }
    }
  }

  /// Work that notes which chunks the caller does, of which the first waits for another thread.
  private final class Noting: ChunkedWork, @unchecked Sendable {
    let pool: ThreadPool
    let caller = pthread_self()
    let areCallers: FlatVector<Bool>
    let arrived = Atomic<Int>(0)

    init(_ pool: ThreadPool, chunkCount: Int) {
      self.pool = pool
      areCallers = FlatVector(repeating: false, count: chunkCount)
    }

    func run(chunk: Int) {
      areCallers[chunk] = pthread_equal(pthread_self(), caller) != 0
      if areCallers[chunk] {
        while arrived.load(ordering: .relaxed) == 0 { pool.wake() }
      } else {
        arrived.store(1, ordering: .relaxed)
      }
    }
  }

  @Test func `the caller does the first chunks and the other thread the last ones`() {
    for _ in 0..<200 {
      // A pool that has waited long for a thread works alone, and the wait below would not end.
      let pool = ThreadPool(threadCount: 2)
      let work = Noting(pool, chunkCount: 9)
      pool.run(9, of: work)
      let callerCount = work.areCallers.elements.count { $0 }
      #expect((1...8).contains(callerCount))
      #expect(work.areCallers.elements.prefix(callerCount).allSatisfy { $0 })
    }
  }

  @Test(arguments: [1, 2, 3, 5])
  func `each chunk is done once, and its result is there when the work is done`(
    threadCount: Int
  ) throws {
    let pool = ThreadPool(threadCount: threadCount)
    try #require(pool.threadCount == threadCount)
    for round in 0..<2_000 {
      // Between some pieces of work the threads sleep.
      if round % 3 == 0 { pool.wake() }
      let work = Counting(round % 9)
      pool.run(round % 9, of: work)
      #expect(work.counts.elements == Array(repeating: 1, count: round % 9))
    }
  }

  @Test(arguments: [1, 2, 4])
  func `as many chunks as there are threads are done at the same time`(threadCount: Int) {
    let pool = ThreadPool(threadCount: threadCount)
    let work = Meeting(pool, count: threadCount)
    pool.run(threadCount, of: work)
    #expect(work.arrived.load(ordering: .relaxed) == threadCount)
  }

  @Test func `after a long wait for another thread, the one that asks works alone`() {
    let pool = ThreadPool(threadCount: 2)
    // The rest is 16 times as long: nearly five seconds.
    let first = Stalling(pool, stallNanoseconds: 300_000_000)
    pool.run(2, of: first)
    #expect(first.otherCount.load(ordering: .relaxed) == 1)
    for _ in 0..<100 {
      let next = Stalling(pool, stallNanoseconds: 0)
      pool.run(8, of: next)
      #expect(next.otherCount.load(ordering: .relaxed) == 0)
    }
  }

  @Test func `the thread that asks does all chunks of a paused pool`() {
    let pool = ThreadPool(threadCount: 2)
    pool.isPaused = true
    for _ in 0..<100 {
      let work = Stalling(pool, stallNanoseconds: 0)
      pool.wake()
      pool.run(8, of: work)
      #expect(work.otherCount.load(ordering: .relaxed) == 0)
    }
    pool.isPaused = false
    let work = Meeting(pool, count: 2)
    pool.run(2, of: work)
    #expect(work.arrived.load(ordering: .relaxed) == 2)
  }

  @Test func `a pool ends with its threads, asleep or not`() {
    for round in 0..<50 {
      let pool = ThreadPool(threadCount: 4)
      if round % 2 == 0 { pool.run(3, of: Counting(3)) }
    }
  }
}
