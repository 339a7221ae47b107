import Rollout
import Synchronization
import Testing

/// The protocol of parked words and bells as a whole; a lost wake-up hangs these tests.
struct ParkingTests {
  /// The duration of each stress test; without the fences, most runs hung within it.
  private static let huntNanoseconds: UInt64 = 2_000_000_000

  /// Waits like a worker until a version is there or the run is over.
  ///
  /// - Returns: the number of times it blocked.
  private func awaitVersion(
    _ version: UInt64, in memory: RunMemory, _ line: WorkerLine, _ ear: Doorbell
  ) -> Int {
    func isThere() -> Bool { memory.board.publishedVersion >= version || memory.stopping }
    var blocked = 0
    while !isThere() {
      line.park(awaiting: version)
      if !isThere() {
        blocked += 1
        guard ear.wait() else { return blocked }
      }
      line.unpark()
    }
    return blocked
  }

  /// Waits like the learner until a fragment is there, and takes it.
  ///
  /// - Parameter isOver: returns true if no more fragments will come; published fragments are still
  ///   taken.
  /// - Returns: the fragment; `nil` at the end.
  private func awaitFragment(
    in memory: RunMemory, _ ear: Doorbell, unless isOver: () -> Bool
  ) -> Int? {
    while true {
      if let buffer = memory.pool.takeLowestTicket() { return buffer }
      memory.parkLearner()
      let over = isOver()
      if let buffer = memory.pool.takeLowestTicket() {
        memory.unparkLearner()
        return buffer
      }
      if over { return nil }
      guard ear.wait() else { return nil }
      memory.unparkLearner()
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `no wake-up is lost between a learner and a worker in lockstep`() throws {
    let toWorker = try SystemCalls.pipe()
    let toLearner = try SystemCalls.pipe()
    let workerBell = try Doorbell(ringing: toWorker.writeEnd.rawValue)
    let workerEar = Doorbell(listening: toWorker.readEnd.rawValue)
    let learnerBell = try Doorbell(ringing: toLearner.writeEnd.rawValue)
    let learnerEar = Doorbell(listening: toLearner.readEnd.rawValue)
    let rung = Atomic<Int>(0)
    let blocked = Atomic<Int>(0)
    let deadline = SystemCalls.monotonicNanoseconds() + Self.huntNanoseconds
    try withRunMemory(workerCount: 1, bufferCount: 2, weightCount: 0) { memory in
      let line = memory.line(0)

      @Sendable func work() {
        var version: UInt64 = 0
        while true {
          version += 1
          blocked.add(awaitVersion(version, in: memory, line, workerEar), ordering: .relaxed)
          if memory.stopping { return }
          guard let buffer = memory.pool.claim(worker: 0, incarnation: 0) else { return }
          memory.pool.publish(buffer)
          line.countFragment(steps: 1)
          if memory.wakeLearnerIfParked() { learnerBell.ring() }
        }
      }

      @Sendable func wakeWorker(_ version: UInt64) {
        guard line.wakeIfParked(publishedVersion: version) else { return }
        rung.add(1, ordering: .relaxed)
        workerBell.ring()
      }

      @Sendable func learn() {
        var version: UInt64 = 0
        while SystemCalls.monotonicNanoseconds() < deadline {
          version += 1
          memory.board.publish(version: version, [Float]().span)
          wakeWorker(version)
          let buffer = awaitFragment(in: memory, learnerEar, unless: { false })
          guard let buffer else { return }
          memory.pool.release(buffer)
        }
        memory.stopping = true
        wakeWorker(.max)
      }

      onThreads([work, learn])
      #expect(line.fragments == memory.board.publishedVersion)
      #expect((0..<2).allSatisfy { memory.pool.state(of: $0) == .free })
      // A worker blocks only while parked, which is rung for, or on the one byte left over from it.
      #expect(blocked.load(ordering: .relaxed) <= 2 * rung.load(ordering: .relaxed))
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `no wake-up is lost when several workers wait for one free fragment`() throws {
    let workerCount = 3
    var pipes: [(readEnd: Int32, writeEnd: Int32)] = []
    defer {
      for pipe in pipes {
        try? SystemCalls.close(pipe.readEnd)
        try? SystemCalls.close(pipe.writeEnd)
      }
    }
    for _ in 0...workerCount { pipes.append(try SystemCalls.pipe().take()) }
    let ears = pipes.map { Doorbell(listening: $0.readEnd) }
    let bells = try pipes.map { try Doorbell(ringing: $0.writeEnd) }
    let working = Atomic<Int>(workerCount)
    let taken = Atomic<UInt64>(0)
    let deadline = SystemCalls.monotonicNanoseconds() + Self.huntNanoseconds
    try withRunMemory(workerCount: workerCount, bufferCount: 1, weightCount: 0) { memory in
      @Sendable func claim(_ worker: Int) -> Int? {
        let line = memory.line(worker)
        while true {
          if let buffer = memory.pool.claim(worker: worker, incarnation: 0) { return buffer }
          line.park(awaiting: 0)
          if let buffer = memory.pool.claim(worker: worker, incarnation: 0) {
            line.unpark()
            return buffer
          }
          guard ears[worker].wait() else { return nil }
          line.unpark()
        }
      }

      @Sendable func work(_ worker: Int) {
        while SystemCalls.monotonicNanoseconds() < deadline {
          guard let buffer = claim(worker) else { return }
          memory.pool.publish(buffer)
          memory.line(worker).countFragment(steps: 1)
          if memory.wakeLearnerIfParked() { bells[workerCount].ring() }
        }
        working.subtract(1, ordering: .releasing)
        if memory.wakeLearnerIfParked() { bells[workerCount].ring() }
      }

      @Sendable func learn() {
        func isOver() -> Bool { working.load(ordering: .acquiring) == 0 }
        while let buffer = awaitFragment(in: memory, ears[workerCount], unless: isOver) {
          memory.pool.release(buffer)
          taken.add(1, ordering: .relaxed)
          for worker in 0..<workerCount
          where memory.line(worker).wakeIfParked(publishedVersion: 0) {
            bells[worker].ring()
          }
        }
      }

      onThreads([learn] + (0..<workerCount).map { worker in { @Sendable in work(worker) } })
      let published = (0..<workerCount).map { memory.line($0).fragments }.reduce(0, +)
      #expect(taken.load(ordering: .relaxed) == published)
      #expect(memory.pool.state(of: 0) == .free)
    }
  }

  @Test(.timeLimit(.minutes(10))) func `a parked worker hears that the run is over`() throws {
    let pipe = try SystemCalls.pipe()
    let bell = try Doorbell(ringing: pipe.writeEnd.rawValue)
    let ear = Doorbell(listening: pipe.readEnd.rawValue)
    try withRunMemory(workerCount: 1) { memory in
      let line = memory.line(0)
      onThreads([
        {
          while !memory.stopping {
            line.park(awaiting: 1_000)
            if !memory.stopping { _ = ear.wait() }
            line.unpark()
          }
        },
        {
          memory.stopping = true
          if line.wakeIfParked(publishedVersion: .max) { bell.ring() }
        },
      ])
      #expect(memory.stopping)
    }
  }
}
