import Actor
import Rollout

/// Collects in the learner's own process, between updates: the plainest collector, and the one to debug with.
///
/// It is one worker without a process, with the same streams as the worker 0 of the others, so that at equal lag all collect
/// the same fragments.
public final class SameProcess: RolloutCollector {
  private let core: CollectorCore
  private let producer: FragmentProducer
  private let schedule: FixedSchedule
  private let incarnation: UInt32
  private var isStarted = false

  /// Sets a collection up.
  ///
  /// - Parameters:
  ///   - setup: what is collected.
  ///   - fragmentsPerBatch: fragments that a batch is made of.
  ///   - lag: how many updates the weights that collect stay behind.
  ///   - state: what to go on from, with the weights of that moment in `setup`; nil for a new collection.
  /// - Throws: `RunMemoryError`, `CollectorStateError`, or what making the environments throws.
  public init(
    _ setup: RolloutSetup, fragmentsPerBatch: Int = 1, lag: Int = 0,
    resuming state: CollectorState? = nil
  ) throws {
    schedule = FixedSchedule(
      workerCount: 1, bufferCount: 1, fragmentsPerBatch: fragmentsPerBatch, lag: lag)
    core = try CollectorCore(
      setup, workerCount: 1, bufferCount: 1, fragmentsPerBatch: fragmentsPerBatch,
      schedule: .fixed(schedule), resuming: state)
    incarnation = core.firstIncarnations(resuming: state)[0]
    core.prepare(0, incarnation: incarnation, anew: false)
    if let remark = core.description.repetitionRemark() { reportOnStandardError(remark) }
    producer = try FragmentProducer(
      core.description, memory: core.memory, worker: 0, incarnation: incarnation)
  }

  /// Where the fields of a batch lie.
  public var batchLayout: FragmentLayout { core.batch.layout }

  /// Collects the next batch.
  public func next() throws -> FragmentBatch {
    if core.progress.turns > 0 { core.publish() }
    if !isStarted {
      try producer.start()
      isStarted = true
    }
    for position in 0..<core.batch.fragmentCount {
      let version = schedule.version(worker: 0, index: producer.index)
      precondition(core.memory.pool.claim(buffer: 0, worker: 0, incarnation: incarnation))
      try producer.produce(into: 0, version: version)
      precondition(core.memory.pool.take(buffer: 0))
      core.gather(0, at: position)
      core.memory.pool.release(0)
    }
    return core.finishTurn()
  }

  /// How far collecting has come.
  public var progress: CollectorProgress { core.currentProgress(restarts: 0) }

  /// Where the collection stands.
  public var state: CollectorState? { core.state(restarts: 0) }

  /// The lags of fragments handed out since the last call.
  public func takeLags() -> Histogram { core.lags.take() }

  /// Hands out the episodes that finished since the last call.
  public func takeEpisodes(_ body: (EpisodeRecord) -> Void) { core.takeEpisodes(body) }

  /// Nothing to end.
  public func close() {}
}
