import Actor
import Foundation
import Rollout

/// The loop of a worker: claim a fragment, fill it and hand it over, until the run is over.
///
/// The run is over when the learner asks the worker to stop or is gone. The worker blocks only on
/// its bell. It sets its parked flag before a last attempt to claim a fragment, so it misses no
/// bell (docs/shared-memory.md).
struct WorkerLoop {
  private let memory: RunMemory
  private let line: WorkerLine
  private let producer: FragmentProducer
  private let schedule: CollectSchedule
  private let worker: Int
  private let incarnation: UInt32
  private let bell: Doorbell
  private let learnerBell: Doorbell
  private let hint: Int
  private let spin: SpinWait

  /// Creates the loop from the description in the run's memory.
  init(
    memory: RunMemory, worker: Int, incarnation: UInt32, bell: Doorbell, learnerBell: Doorbell
  ) throws {
    var description = try RunDescription(decoding: memory.description)
    // The learner watches its workers and reports more than a worker could.
    description.environment.hangTimeoutSeconds = nil
    self.memory = memory
    self.bell = bell
    self.learnerBell = learnerBell
    self.worker = worker
    self.incarnation = incarnation
    schedule = description.schedule
    line = memory.line(worker)
    hint = worker % memory.layout.bufferCount
    spin = SpinWait(processCount: memory.layout.workerCount + 1)
    if worker == 0, incarnation == 0,
      let remark = description.repetitionRemark(
        marking: OwnedPositionMarker(line.position, owner: memory))
    {
      FileHandle.standardError.write(Data("\(remark)\n".utf8))
    }
    producer = try FragmentProducer(
      PolicyRegistry.decode(description.policy), description, memory: memory, worker: worker,
      incarnation: incarnation)
  }

  /// Collects until the run is over.
  ///
  /// - Throws: an environment's errors.
  func run() throws {
    try producer.start()
    line.markReady()
    do {
      while let (buffer, version) = next() {
        try producer.produce(into: buffer, version: version)
        if memory.wakeLearnerIfParked() { learnerBell.ring() }
      }
    } catch is CollectionStopped {
      // Environments are closed at once, without completing the fragment.
    }
  }

  /// Waits for the next fragment to fill and its version of the weights; nil if the run is over.
  private func next() -> (buffer: Int, version: UInt64?)? {
    while !memory.stopping {
      switch schedule {
      case .free:
        if let buffer = wait(awaiting: 0, claim: { claimAny() }) { return (buffer, nil) }
      case .fixed(let schedule):
        let version = schedule.version(worker: worker, index: producer.index)
        let buffer = schedule.buffer(worker: worker, index: producer.index)
        if let buffer = wait(awaiting: version, claim: { claim(buffer, version) }) {
          return (buffer, version)
        }
      }
    }
    return nil
  }

  /// Claims a fragment, or blocks until the bell rings and then returns nil.
  private func wait(awaiting version: UInt64, claim: () -> Int?) -> Int? {
    if let buffer = spin.wait(claim) { return buffer }
    line.park(awaiting: version)
    if memory.stopping { return nil }
    if let buffer = claim() {
      line.unpark()
      return buffer
    }
    // The pipe closes when the learner is gone; the watching thread then ends this process.
    _ = bell.wait()
    line.unpark()
    return nil
  }

  private func claimAny() -> Int? {
    memory.pool.claim(worker: worker, incarnation: incarnation, startingAt: hint)
  }

  private func claim(_ buffer: Int, _ version: UInt64) -> Int? {
    guard memory.board.publishedVersion >= version,
      memory.pool.claim(buffer: buffer, worker: worker, incarnation: incarnation)
    else { return nil }
    return buffer
  }
}
