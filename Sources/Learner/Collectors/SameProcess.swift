import Actor
import Rollout

/// A collector in the learner's process, between updates: the simplest one, and easy to debug.
///
/// It is a single worker without a process. Its random streams are those of worker 0 of the other
/// collectors, so it collects the same fragments as a single worker with the same lag.
public final class SameProcess: RolloutCollector {
  private let core: CollectorCore
  private let producer: FragmentProducer
  private let schedule: FixedSchedule
  private let incarnation: UInt32
  private var isStarted = false

  /// Creates a collector.
  ///
  /// - Parameters:
  ///   - setup: the environment, the policy and the shape of fragments.
  ///   - fragmentsPerBatch: the number of fragments in a batch.
  ///   - lag: the policy lag in updates.
  ///   - state: the state to resume from, with the weights of that moment in `setup`; nil for a new
  ///     collection.
  /// - Throws: `RunMemoryError`, `CollectorStateError`, or an error of the environments'
  ///   initializers.
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
      setup.policy, core.description, memory: core.memory, worker: 0, incarnation: incarnation)
  }

  /// Creates a collector for an environment and a policy, with a new ``RolloutSetup``.
  ///
  /// - Parameters:
  ///   - environment: the environment.
  ///   - policy: the policy; its first weights are drawn with the seed.
  ///   - environmentCount: B, the number of environments that a worker steps together.
  ///   - stepCount: T, the number of steps in a fragment.
  ///   - fragmentsPerBatch: the number of fragments in a batch.
  ///   - seed: the root of every random stream.
  /// - Throws: the errors of the other initializer and of ``RolloutSetup``.
  public convenience init(
    environment: EnvironmentConfiguration, policy: any Policy, environmentCount: Int = 8,
    stepCount: Int = 25, fragmentsPerBatch: Int = 1, seed: UInt64
  ) throws {
    try self.init(
      RolloutSetup(
        environment: environment, policy: policy, environmentCount: environmentCount,
        stepCount: stepCount, seed: seed),
      fragmentsPerBatch: fragmentsPerBatch)
  }

  /// The environment, the policy and its weights.
  public var setup: RolloutSetup { core.setup }

  /// The layout of a batch.
  public var batchLayout: FragmentLayout { core.batch.layout }

  /// Publishes weights.
  public func publish(_ weights: FlatVector<Float>) { core.publish(weights) }

  /// Collects the next batch.
  public func next() throws -> FragmentBatch {
    core.publish(nil)
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

  /// The progress of the collection.
  public var progress: CollectorProgress { core.currentProgress(restarts: 0) }

  /// The state to resume from.
  public var state: CollectorState? { core.state(restarts: 0) }

  /// Makes the state that before the last batch.
  public func forgetBatch() { core.forgetBatch() }

  /// Returns the policy lags of the fragments since the last call.
  public func takeLags() -> Histogram { core.lags.take() }

  /// Calls a closure with each episode that finished since the last call.
  public func takeEpisodes(_ body: (EpisodeRecord) -> Void) { core.takeEpisodes(body) }

  /// Does nothing: there are no processes to end.
  public func close() {}
}
