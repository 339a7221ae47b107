import Actor
import Rollout

/// A collector with many worker processes and a pool of fragments in shared memory.
///
/// Asynchronous collection makes a batch of any ready fragments, oldest first; workers use the
/// newest weights. With a `lag`, a batch takes the workers' fragments in rotation. Each is
/// collected with the weights of exactly `lag` updates earlier. One random seed then gives one
/// result, independent of timing, and collection still overlaps with learning.
public final class MultiWorker: RolloutCollector {
  private let core: CollectorCore
  private let group: WorkerGroup
  private let schedule: CollectSchedule
  private let isInterrupted: () -> Bool
  private let say: (String) -> Void
  private let spin: SpinWait
  private var nextToWake = 0
  /// The fragments released since the last wake-up.
  private var freed = 0
  /// True after the first fragment of this process.
  private var hasReceived = false
  /// The number of released fragments before a worker is woken.
  ///
  /// The worker then fills several fragments per context switch. The quota is a sixth of the pool;
  /// the rest keeps the learner busy meanwhile. Measured on two cores with 16 workers and 24
  /// fragments: a fifth to a third more steps per second than one wake-up per fragment.
  private let wakeQuota: Int
  private var lastAttended: UInt64 = 0
  /// The limit on the policy lag; nil for none.
  private var limit: LagLimit?

  /// The longest time without a call of `attend` if the learner never has to wait for fragments.
  private static let attentionNanoseconds: UInt64 = 1_000_000

  /// Starts the workers.
  ///
  /// - Parameters:
  ///   - setup: the environment, the policy and the shape of fragments.
  ///   - actorCount: the number of worker processes.
  ///   - bufferCount: the number of fragments in shared memory, at least one for each worker.
  ///   - fragmentsPerBatch: the number of fragments in a batch.
  ///   - lag: the fixed policy lag of deterministic collection; nil for asynchronous collection.
  ///   - maximumLag: the largest policy lag to learn from; nil for no limit.
  ///   - processes: the program to start, and the receiver of messages.
  ///   - state: the state to resume from, with the weights of that moment in `setup`; nil for a new
  ///     collection.
  /// - Throws: `PolicyError` if the policy is not registered, `RunMemoryError` if shared memory is
  ///   short, `WorkerStartError`, `CollectorStateError`, or an error of the environment's
  ///   initializer.
  public init(
    _ setup: RolloutSetup, actorCount: Int, bufferCount: Int, fragmentsPerBatch: Int = 1,
    lag: Int? = nil, maximumLag: Int? = nil, processes: WorkerProcesses = WorkerProcesses(),
    resuming state: CollectorState? = nil
  ) throws {
    precondition(lag ?? 0 <= maximumLag ?? .max, "a lag of \(lag ?? 0) is beyond the largest")
    limit =
      lag == nil
      ? maximumLag.map {
        LagLimit($0, bufferCount: bufferCount, fragmentsPerBatch: fragmentsPerBatch)
      } : nil
    schedule =
      lag.map {
        .fixed(
          FixedSchedule(
            workerCount: actorCount, bufferCount: bufferCount,
            fragmentsPerBatch: fragmentsPerBatch, lag: $0))
      } ?? .free
    try PolicyRegistry.check(setup.policy)
    core = try CollectorCore(
      setup, workerCount: actorCount, bufferCount: bufferCount,
      fragmentsPerBatch: fragmentsPerBatch, schedule: schedule, resuming: state)
    limit?.withholdSurplus { [pool = core.memory.pool] in
      precondition(pool.withhold(buffer: $0), "a fragment was claimed before any worker started")
    }
    wakeQuota = max(1, (limit?.most ?? bufferCount) / 6)
    spin = SpinWait(processCount: actorCount + 1)
    isInterrupted = processes.isInterrupted
    say = processes.say
    core.say = say
    group = WorkerGroup(core, processes)
    try group.start(core.firstIncarnations(resuming: state))
  }

  /// The environment, the policy and its weights.
  public var setup: RolloutSetup { core.setup }

  /// The layout of a batch.
  public var batchLayout: FragmentLayout { core.batch.layout }

  /// Publishes weights and wakes the workers that wait for them.
  public func publish(_ weights: FlatVector<Float>) { beginBatch(weights) }

  private func beginBatch(_ weights: FlatVector<Float>?) {
    guard core.publish(weights), case .fixed = schedule else { return }
    group.wakeAll()
  }

  /// Waits for the next batch.
  ///
  /// After `Interrupted`, the next call continues the same batch with the fragments gathered so
  /// far.
  public func next() throws -> FragmentBatch {
    beginBatch(nil)
    while let buffer = limit?.returned(gathered: core.openPositions.lowerBound) { free(buffer) }
    try attendNowAndThen()
    for position in core.openPositions {
      let buffer = try waitForFreshFragment()
      core.gather(buffer, at: position)
      if limit?.withholds(buffer, gathered: position + 1) != true { free(buffer) }
    }
    return core.finishTurn()
  }

  /// The progress of the collection.
  public var progress: CollectorProgress {
    core.currentProgress(restarts: group.restartCount)
  }

  /// The present state of each worker, from the words in shared memory that exist anyway.
  public var workers: [WorkerStatus] {
    (0..<workerCount).map { worker in
      let line = core.memory.line(worker)
      return WorkerStatus(
        activity: !line.isReady ? .starting : line.isParked ? .waiting : .stepping,
        steps: Int(line.steps), restarts: Int(line.incarnation))
    }
  }

  /// The state at the end of the last complete batch.
  public var state: CollectorState? { core.state(restarts: group.restartCount) }

  /// Makes the state that before the last batch.
  public func forgetBatch() { core.forgetBatch() }

  /// Returns the policy lags of the fragments since the last call.
  public func takeLags() -> Histogram { core.lags.take() }

  /// Calls a closure with each episode that finished since the last call.
  public func takeEpisodes(_ body: (EpisodeRecord) -> Void) { core.takeEpisodes(body) }

  /// Forwards logs and replaces dead workers.
  public func attend() throws { try group.attend(timeoutMilliseconds: 0) }

  /// Ends all workers.
  public func close() { group.close() }

  /// The number of workers.
  package var workerCount: Int { core.memory.layout.workerCount }

  /// Returns a worker's current process and its number of fragments; not after `close`.
  ///
  /// Fragments of earlier processes of the worker are not counted.
  package func status(
    ofWorker worker: Int
  ) -> (pid: Int32, incarnation: UInt32, fragmentCount: Int) {
    let (member, line) = (group.workers[worker], core.memory.line(worker))
    return (
      member.process.child.pid, line.incarnation, Int(line.fragments - member.fragmentsAtStart)
    )
  }

  // MARK: Waiting and waking

  /// Waits for a fragment within the lag limit, now *learning*; older ones are dropped.
  private func waitForFreshFragment() throws -> Int {
    while true {
      let buffer = try waitForFragment()
      guard let limit, core.lag(of: core.fragment(buffer).header) > limit.largest else {
        return buffer
      }
      core.drop(buffer)
      free(buffer)
    }
  }

  /// Releases a fragment's memory to the workers.
  private func free(_ buffer: Int) {
    core.memory.pool.release(buffer)
    wakeAfterFreeing(buffer)
  }

  /// Waits for the next fragment to learn from, which is then *learning*.
  private func waitForFragment() throws -> Int {
    if let buffer = take() { return buffer }
    wakeForAllFree()
    if let buffer = spin.wait(take) { return buffer }
    let began = SystemCalls.monotonicNanoseconds()
    var complaints: UInt64 = 0
    while true {
      core.memory.parkLearner()
      if let buffer = take() {
        core.memory.unparkLearner()
        return buffer
      }
      // The timeout is for signals and reports only: a bell or a death ends the wait at once.
      try group.attend(timeoutMilliseconds: 100)
      core.memory.unparkLearner()
      if let buffer = take() { return buffer }
      if isInterrupted() { throw Interrupted() }
      let seconds = (SystemCalls.monotonicNanoseconds() - began) / 1_000_000_000
      if seconds >= 10 * (complaints + 1) {
        complaints += 1
        say(
          hasReceived
            ? "no fragment for \(seconds) s: \(culprits.joined(separator: "; "))"
            : "\(group.starts), \(seconds) s")
      }
    }
  }

  private func take() -> Int? {
    let buffer = takeReady()
    if buffer != nil { hasReceived = true }
    return buffer
  }

  private func takeReady() -> Int? {
    switch schedule {
    case .free: return core.memory.pool.takeLowestTicket()
    case .fixed(let schedule):
      let (worker, index) = schedule.origin(sequence: core.progress.fragments)
      let buffer = schedule.buffer(worker: worker, index: index)
      return core.memory.pool.take(buffer: buffer) ? buffer : nil
    }
  }

  private var culprits: [String] {
    switch schedule {
    case .free: (0..<workerCount).map { group.whereabouts($0) }
    case .fixed(let schedule):
      [group.whereabouts(schedule.origin(sequence: core.progress.fragments).worker)]
    }
  }

  /// Wakes the worker that needs a released fragment, or any worker once enough are free.
  private func wakeAfterFreeing(_ buffer: Int) {
    if case .fixed(let schedule) = schedule {
      group.wake(buffer / (schedule.bufferCount / schedule.workerCount))
      return
    }
    freed += 1
    if freed >= wakeQuota {
      wakeNext()
      freed = 0
    }
  }

  /// Wakes one worker per free fragment, because the learner is about to wait for them.
  ///
  /// The free fragments are counted again here. A slow worker that was woken for several may not
  /// have claimed them all yet.
  private func wakeForAllFree() {
    guard case .free = schedule else { return }
    freed = 0
    for _ in 0..<core.memory.pool.freeCount where !wakeNext() { return }
  }

  /// Wakes the next worker in rotation that waits for a free fragment; returns false for none.
  @discardableResult
  private func wakeNext() -> Bool {
    for step in 0..<workerCount {
      let worker = (nextToWake + step) % workerCount
      if group.wake(worker) {
        nextToWake = worker + 1
        return true
      }
    }
    return false
  }

  private func attendNowAndThen() throws {
    let now = SystemCalls.monotonicNanoseconds()
    guard now - lastAttended > Self.attentionNanoseconds else { return }
    lastAttended = now
    try group.attend(timeoutMilliseconds: 0)
  }
}
