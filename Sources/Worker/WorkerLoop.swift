import Actor
import Foundation
import Rollout

/// The life of a worker: claim a fragment, fill it, hand it over, until the learner says stop or is gone.
///
/// The worker blocks in one place only, on its bell. Its flag says so before it looks a last time, so that no bell is missed
/// (docs/shared-memory.md).
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

  /// Sets the worker up from what lies in the run's memory.
  init(
    _ arguments: WorkerArguments, memory: RunMemory, bell: Doorbell, learnerBell: Doorbell
  ) throws {
    var description = try RunDescription(decoding: memory.description)
    // The learner watches over its workers, and its report says more.
    description.environment.patience = nil
    self.memory = memory
    self.bell = bell
    self.learnerBell = learnerBell
    worker = arguments.index
    incarnation = arguments.incarnation
    schedule = description.schedule
    line = memory.line(worker)
    hint = worker % memory.layout.bufferCount
    if worker == 0, incarnation == 0,
      let remark = description.repetitionRemark(
        marking: OwnedPositionMarker(line.position, owner: memory))
    {
      FileHandle.standardError.write(Data("\(remark)\n".utf8))
    }
    producer = try FragmentProducer(
      description, memory: memory, worker: worker, incarnation: incarnation)
  }

  /// Collects until the run is over.
  ///
  /// - Throws: what an environment throws.
  func run() throws {
    try producer.start()
    line.markReady()
    do {
      while let (buffer, version) = next() {
        try producer.produce(into: buffer, version: version)
        if memory.wakeLearnerIfParked() { learnerBell.ring() }
      }
    } catch is CollectionStopped {
      // Environments are closed at once, and not after the fragment.
    }
  }

  /// The next fragment to fill and the weights for it, waited for; nil when the run is over.
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

  /// Claims what it can; blocks on the bell when there is nothing, and returns nil when it rang.
  private func wait(awaiting version: UInt64, claim: () -> Int?) -> Int? {
    if let buffer = claim() { return buffer }
    line.park(awaiting: version)
    if memory.stopping { return nil }
    if let buffer = claim() {
      line.unpark()
      return buffer
    }
    // The other end closes when the learner is gone; the watch on it ends this process then.
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
