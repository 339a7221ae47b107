import Glibc
import Rollout
import Synchronization
import Testing

struct FragmentPoolTests {
  @Test func `a fragment goes round: free, filling, ready, learning, free`() throws {
    try withRunMemory { memory in
      let pool = memory.pool
      #expect(pool.state(of: 2) == .free)
      #expect(pool.claim(worker: 1, incarnation: 5, startingAt: 2) == 2)
      #expect(pool.state(of: 2) == .filling(worker: 1, incarnation: 5))
      #expect(pool.publish(2) == 0)
      #expect(pool.state(of: 2) == .ready(ticket: 0))
      #expect(pool.takeLowestTicket() == 2)
      #expect(pool.state(of: 2) == .learning)
      #expect(pool.takeLowestTicket() == nil)
      pool.release(2)
      #expect(pool.state(of: 2) == .free)
    }
  }

  @Test func `claims go round from the hint and end when nothing is free`() throws {
    try withRunMemory(bufferCount: 3) { memory in
      let pool = memory.pool
      let claims = (0..<4).map { _ in pool.claim(worker: 0, incarnation: 0, startingAt: 2) }
      #expect(claims == [2, 0, 1, nil])
      #expect(pool.freeCount == 0)
      pool.abandon(0)
      #expect(pool.freeCount == 1)
      #expect(pool.claim(worker: 0, incarnation: 0, startingAt: 1_000_001) == 0)
    }
  }

  @Test func `one particular fragment is claimed and taken only in its state`() throws {
    try withRunMemory { memory in
      let pool = memory.pool
      #expect(!pool.take(buffer: 3))
      #expect(pool.claim(buffer: 3, worker: 0, incarnation: 0))
      #expect(!pool.claim(buffer: 3, worker: 1, incarnation: 0))
      #expect(!pool.take(buffer: 3))
      pool.publish(3)
      #expect(!pool.claim(buffer: 3, worker: 1, incarnation: 0))
      #expect(pool.take(buffer: 3))
      #expect(!pool.take(buffer: 3))
      #expect(!pool.claim(buffer: 3, worker: 1, incarnation: 0))
    }
  }

  @Test func `the lowest ticket is taken first, wherever it lies`() throws {
    try withRunMemory(bufferCount: 4) { memory in
      let pool = memory.pool
      for buffer in [2, 0, 3, 1] {
        #expect(pool.claim(buffer: buffer, worker: 0, incarnation: 0))
        pool.publish(buffer)
      }
      let taken = (0..<4).compactMap { _ in pool.takeOldest() }
      #expect(taken.map(\.buffer) == [2, 0, 3, 1])
      #expect(taken.map(\.ticket) == [0, 1, 2, 3])
    }
  }

  @Test func `what the dead was filling is freed, what it had published stays`() throws {
    try withRunMemory(workerCount: 3, bufferCount: 5) { memory in
      let pool = memory.pool
      #expect(pool.claim(buffer: 0, worker: 1, incarnation: 4))
      #expect(pool.claim(buffer: 1, worker: 1, incarnation: 4))
      #expect(pool.claim(buffer: 2, worker: 1, incarnation: 4))
      #expect(pool.claim(buffer: 3, worker: 1, incarnation: 5))
      #expect(pool.claim(buffer: 4, worker: 2, incarnation: 4))
      pool.publish(1)
      #expect(pool.reclaim(worker: 1, incarnation: 4) == 2)
      #expect(
        (0..<5).map(pool.state) == [
          .free, .ready(ticket: 0), .free, .filling(worker: 1, incarnation: 5),
          .filling(worker: 2, incarnation: 4),
        ])
      #expect(pool.reclaim(worker: 1, incarnation: 4) == 0)
    }
  }

  @Test func `fragments do not overlap and begin on pages`() throws {
    try withRunMemory(bufferCount: 3, fragmentByteCount: 4097) { memory in
      let pool = memory.pool
      for buffer in 0..<3 {
        #expect(UInt(bitPattern: pool.base(of: buffer)) % 4096 == 0)
        memset(pool.base(of: buffer), Int32(buffer), pool.fragmentByteCount)
      }
      for buffer in 0..<3 {
        let bytes = UnsafeRawBufferPointer(start: pool.base(of: buffer), count: 4097)
        #expect(bytes.allSatisfy { $0 == buffer })
      }
    }
  }

  @Test func `publishing what nobody claimed is a bug that ends the process`() async {
    await #expect(processExitsWith: .failure) {
      try withRunMemory { memory in _ = memory.pool.publish(0) }
    }
  }

  /// The data that a worker of the stress test writes to both ends of a fragment.
  private struct Mark: Equatable, Sendable {
    var worker: Int
    var number: Int
  }

  /// A fragment as one side of the stress test saw it: written and published, or taken and read.
  private struct Passed: Sendable {
    var mark: Mark
    var ticket: UInt64
  }

  @Test(.timeLimit(.minutes(10)))
  func `of many from several workers each is taken once, whole and in order`() throws {
    let workerCount = 4
    // Limited by time, not by number: threads that yield to each other starve on a loaded machine.
    let deadline = SystemCalls.monotonicNanoseconds() + 1_000_000_000
    let fragmentByteCount = 512
    try withRunMemory(
      workerCount: workerCount, bufferCount: 3, fragmentByteCount: fragmentByteCount
    ) { memory in
      let pool = memory.pool
      let torn = Atomic<Int>(0)
      let working = Atomic<Int>(workerCount)

      @Sendable func work(_ worker: Int) -> [Passed] {
        var published: [Passed] = []
        var hint = worker
        // At least a few, because the thread may start late.
        while published.count < 100 || SystemCalls.monotonicNanoseconds() < deadline {
          guard let buffer = pool.claim(worker: worker, incarnation: 0, startingAt: hint) else {
            sched_yield()
            continue
          }
          hint = buffer + 1
          let mark = Mark(worker: worker, number: published.count)
          let base = pool.base(of: buffer)
          base.storeBytes(of: mark, as: Mark.self)
          base.storeBytes(of: mark, toByteOffset: fragmentByteCount - 16, as: Mark.self)
          published.append(Passed(mark: mark, ticket: pool.publish(buffer)))
        }
        working.subtract(1, ordering: .releasing)
        return published
      }

      @Sendable func learn() -> [Passed] {
        var taken: [Passed] = []
        while true {
          // Loaded before the take, so that everything published before the last worker ended is
          // found.
          let isOver = working.load(ordering: .acquiring) == 0
          guard let (buffer, ticket) = pool.takeOldest() else {
            if isOver { break }
            sched_yield()
            continue
          }
          let base = pool.base(of: buffer)
          let mark = base.load(as: Mark.self)
          if base.load(fromByteOffset: fragmentByteCount - 16, as: Mark.self) != mark {
            torn.add(1, ordering: .relaxed)
          }
          taken.append(Passed(mark: mark, ticket: ticket))
          pool.release(buffer)
        }
        return taken
      }

      let passed = values(
        onThreads: [learn] + (0..<workerCount).map { worker in { @Sendable in work(worker) } })

      #expect(torn.load(ordering: .relaxed) == 0)
      let taken = passed[0]
      for worker in 0..<workerCount {
        // Only the first difference: a failure should not print a hundred thousand numbers.
        let row = taken.filter { $0.mark.worker == worker }
        #expect(row.count >= 100)
        #expect(row.indices.first { row[$0].mark.number != $0 } == nil)
        let isAsPublished = row.map(\.ticket) == passed[1 + worker].map(\.ticket)
        #expect(isAsPublished)
      }
      let isEachTicketTakenOnce =
        taken.map(\.ticket).sorted() == Array(0..<UInt64(taken.count))
      #expect(isEachTicketTakenOnce)
      #expect((0..<3).allSatisfy { pool.state(of: $0) == .free })
    }
  }
}
