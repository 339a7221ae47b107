import Rollout
import Synchronization
import Testing

/// The protocol of parked words and bells as a whole; a wake-up that is lost hangs these tests.
struct ParkingTests {
  /// Waits, as a worker does, until a version is there.
  ///
  /// - Returns: how often it blocked.
  private func awaitVersion(
    _ version: UInt64, in memory: RunMemory, _ line: WorkerLine, _ bell: Doorbell
  ) -> Int {
    var blocked = 0
    while memory.board.publishedVersion < version {
      line.park(awaiting: version)
      if memory.board.publishedVersion < version {
        blocked += 1
        guard bell.wait() else { return blocked }
      }
      line.unpark()
    }
    return blocked
  }

  /// Waits, as the learner does, until a fragment is there, and takes it.
  private func awaitFragment(in memory: RunMemory, _ bell: Doorbell) -> Int? {
    while true {
      if let buffer = memory.pool.takeLowestTicket() { return buffer }
      memory.parkLearner()
      if let buffer = memory.pool.takeLowestTicket() {
        memory.unparkLearner()
        return buffer
      }
      guard bell.wait() else { return nil }
      memory.unparkLearner()
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `no wake-up is lost between a learner and a worker in lockstep`() throws {
    // So many that without the fences this test hung in two runs of three.
    let rounds = 300_000
    let toWorker = try SystemCalls.pipe()
    let toLearner = try SystemCalls.pipe()
    let workerBell = try Doorbell(ringing: toWorker.writeEnd.rawValue)
    let workerEar = Doorbell(listening: toWorker.readEnd.rawValue)
    let learnerBell = try Doorbell(ringing: toLearner.writeEnd.rawValue)
    let learnerEar = Doorbell(listening: toLearner.readEnd.rawValue)
    let rung = Atomic<Int>(0)
    let blocked = Atomic<Int>(0)
    try withRunMemory(workerCount: 1, bufferCount: 2, weightCount: 0) { memory in
      @Sendable func work() {
        let line = memory.line(0)
        for version in 1...UInt64(rounds) {
          blocked.add(awaitVersion(version, in: memory, line, workerEar), ordering: .relaxed)
          guard let buffer = memory.pool.claim(worker: 0, incarnation: 0) else { return }
          memory.pool.publish(buffer)
          if memory.wakeLearnerIfParked() { learnerBell.ring() }
        }
      }

      @Sendable func learn() {
        let line = memory.line(0)
        for version in 1...UInt64(rounds) {
          memory.board.publish(version: version, UnsafeBufferPointer(start: nil, count: 0))
          if line.wakeIfParked(publishedVersion: version) {
            rung.add(1, ordering: .relaxed)
            workerBell.ring()
          }
          guard let buffer = awaitFragment(in: memory, learnerEar) else { return }
          memory.pool.release(buffer)
        }
      }

      onThreads([work, learn])
      #expect(memory.board.publishedVersion == UInt64(rounds))
      #expect((0..<2).allSatisfy { memory.pool.state(of: $0) == .free })
      // A worker blocks only in a parking that is rung for, or on the one bell left over from it.
      #expect(blocked.load(ordering: .relaxed) <= 2 * rung.load(ordering: .relaxed))
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `no wake-up is lost when several workers wait for one free fragment`() throws {
    let workerCount = 3
    let perWorker = 30_000
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
        for _ in 0..<perWorker {
          guard let buffer = claim(worker) else { return }
          memory.pool.publish(buffer)
          memory.line(worker).countFragment(steps: 1)
          if memory.wakeLearnerIfParked() { bells[workerCount].ring() }
        }
      }

      @Sendable func learn() {
        for _ in 0..<workerCount * perWorker {
          guard let buffer = awaitFragment(in: memory, ears[workerCount]) else { return }
          memory.pool.release(buffer)
          for worker in 0..<workerCount
          where memory.line(worker).wakeIfParked(publishedVersion: 0) {
            bells[worker].ring()
          }
        }
      }

      onThreads([learn] + (0..<workerCount).map { worker in { @Sendable in work(worker) } })
      for worker in 0..<workerCount {
        #expect(memory.line(worker).fragments == UInt64(perWorker))
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func `a parked worker hears that the run is over`() throws {
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
