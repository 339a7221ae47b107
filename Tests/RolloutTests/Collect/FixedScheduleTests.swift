import Rollout
import Testing

/// The arithmetic of deterministic collection, and its freedom from deadlocks.
struct FixedScheduleTests {
  private static let schedules: [FixedSchedule] = [1, 2, 3, 5, 16].flatMap { workers in
    [workers, 2 * workers, 2 * workers + 1].flatMap { buffers in
      [1, 2, 3, 7].flatMap { fragments in
        [0, 1, 2, 8].map { lag in
          FixedSchedule(
            workerCount: workers, bufferCount: buffers, fragmentsPerBatch: fragments, lag: lag)
        }
      }
    }
  }

  @Test func `each fragment of a worker has one number in the run, and back`() {
    for schedule in Self.schedules {
      var next = Array(repeating: 0, count: schedule.workerCount)
      for sequence in 0..<100 {
        let (worker, index) = schedule.origin(sequence: sequence)
        // Each worker's fragments come in their own order, without gaps.
        #expect(index == next[worker])
        next[worker] += 1
        #expect(index * schedule.workerCount + worker == sequence)
      }
    }
  }

  @Test func `a fragment's weights are those of so many updates earlier, or the first`() {
    for schedule in Self.schedules {
      for sequence in 0..<100 {
        let (worker, index) = schedule.origin(sequence: sequence)
        // Update u learns from fragments u·n … u·n + n − 1 while version u + 1 is the newest.
        let update = sequence / schedule.fragmentsPerBatch
        let version = schedule.version(worker: worker, index: index)
        #expect(version >= 1 && version <= update + 1)
        #expect(Int(version) == max(1, update + 1 - schedule.lag))
      }
    }
  }

  @Test func `workers share no memory and use all of theirs in turn`() {
    for schedule in Self.schedules {
      let share = schedule.bufferCount / schedule.workerCount
      var owners: [Int: Int] = [:]
      for worker in 0..<schedule.workerCount {
        let buffers = (0..<3 * share).map { schedule.buffer(worker: worker, index: $0) }
        #expect(Set(buffers).count == share)
        #expect(buffers.prefix(share) == buffers.suffix(share))
        for buffer in buffers {
          #expect(owners.updateValue(worker, forKey: buffer) ?? worker == worker)
          #expect(buffer < schedule.bufferCount)
        }
      }
    }
  }

  @Test(arguments: [1, 2, 3, 16])
  func `the run's fragments come from the workers in turn, and each worker's in order`(
    workerCount: Int
  ) {
    let schedule = FixedSchedule(
      workerCount: workerCount, bufferCount: 2 * workerCount, fragmentsPerBatch: 2, lag: 1)
    // Counted by iterating over the run, fragment by fragment.
    var taken = Array(repeating: 0, count: workerCount)
    for count in 0..<50 {
      let (worker, index) = schedule.origin(sequence: count)
      #expect(worker == count % workerCount && index == taken[worker])
      taken[worker] += 1
    }
  }

  /// Workers and learner, which step in random order.
  private struct Simulation {
    enum Buffer { case free, filling, ready }

    let schedule: FixedSchedule
    var published = 1
    var update = 0
    var taken = 0
    var buffers: [Buffer]
    /// The number of each worker's fragments so far, and a flag for one in progress.
    var indices: [Int]
    var isFilling: [Bool]
    /// The largest number of versions by which the newest was ahead of one being read.
    var largestDistance = 0

    init(_ schedule: FixedSchedule) {
      self.schedule = schedule
      buffers = Array(repeating: .free, count: schedule.bufferCount)
      indices = Array(repeating: 0, count: schedule.workerCount)
      isFilling = Array(repeating: false, count: schedule.workerCount)
    }

    /// Makes one step of a worker; returns false if it has to wait.
    mutating func step(worker: Int) -> Bool {
      let buffer = schedule.buffer(worker: worker, index: indices[worker])
      if isFilling[worker] {
        // It may still be reading its weights until it publishes.
        isFilling[worker] = false
        buffers[buffer] = .ready
        indices[worker] += 1
        return true
      }
      let version = Int(schedule.version(worker: worker, index: indices[worker]))
      guard version <= published, buffers[buffer] == .free else { return false }
      buffers[buffer] = .filling
      isFilling[worker] = true
      measure()
      return true
    }

    /// Makes one step of the learner; returns false if it has to wait.
    mutating func learn() -> Bool {
      if taken == schedule.fragmentsPerBatch {
        taken = 0
        update += 1
        published += 1
        measure()
        return true
      }
      let (worker, index) = schedule.origin(
        sequence: update * schedule.fragmentsPerBatch + taken)
      let buffer = schedule.buffer(worker: worker, index: index)
      guard buffers[buffer] == .ready else { return false }
      buffers[buffer] = .free
      taken += 1
      return true
    }

    private mutating func measure() {
      for worker in indices.indices where isFilling[worker] {
        let version = Int(schedule.version(worker: worker, index: indices[worker]))
        largestDistance = max(largestDistance, published - version)
      }
    }
  }

  @Test func `nobody waits for ever, and no version is replaced while it is read`() {
    var random = PCG64(seed: 11)
    for schedule in Self.schedules {
      var simulation = Simulation(schedule)
      while simulation.update < 25 {
        let first = random.integer(below: schedule.workerCount + 1)
        // Steps the party that was drawn, or the next one that need not wait.
        let moved = (0...schedule.workerCount).contains { offset in
          let who = (first + offset) % (schedule.workerCount + 1)
          return who == schedule.workerCount ? simulation.learn() : simulation.step(worker: who)
        }
        guard moved else {
          Issue.record("all wait: \(schedule) after \(simulation.update) updates")
          break
        }
      }
      // A slot is overwritten slotCount versions later. One more slot is needed for the version
      // that is being written.
      #expect(simulation.largestDistance <= schedule.slotCount - 2, "\(schedule)")
    }
  }
}
