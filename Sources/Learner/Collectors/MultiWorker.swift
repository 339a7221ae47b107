import Rollout

/// Collects in many worker processes over a pool of fragments in shared memory.
///
/// Asynchronously, a batch is made of whatever is ready, oldest first, and workers use the newest weights. With a `lag`, it is
/// made of the workers' fragments in turn, each collected with the weights of exactly `lag` updates earlier, so that
/// one seed gives one result on every machine, with collecting and learning still side by side.
public final class MultiWorker: RolloutCollector {
  private let core: CollectorCore
  private let group: WorkerGroup
  private let schedule: CollectSchedule
  private let isInterrupted: () -> Bool
  private let say: (String) -> Void
  private var nextToWake = 0
  /// Fragments given back since a worker was last woken for them.
  private var freed = 0
  /// How many fragments are given back before a worker is woken, so that it fills several for one change of processes.
  ///
  /// A sixth of the pool: the rest keeps the learner busy meanwhile. Measured on two cores with 16 workers and 24 fragments:
  /// a fifth to a third more steps a second than waking a worker for each fragment.
  private let wakeQuota: Int
  private var lastAttended: UInt64 = 0
  /// How old a fragment may be; nil for any age.
  private var limit: LagLimit?

  /// How long the learner goes without looking after its workers when it never has to wait for them.
  private static let attentionNanoseconds: UInt64 = 1_000_000

  /// Starts the workers.
  ///
  /// - Parameters:
  ///   - setup: what is collected.
  ///   - actorCount: worker processes.
  ///   - bufferCount: fragments in shared memory, at least one for each worker.
  ///   - fragmentsPerBatch: fragments that a batch is made of.
  ///   - lag: nil for asynchronous collection, otherwise the fixed lag of deterministic collection.
  ///   - maximumLag: the largest lag that is learnt from; nil for any.
  ///   - processes: which program to start and whom to tell about it.
  ///   - state: what to go on from, with the weights of that moment in `setup`; nil for a new collection.
  /// - Throws: `RunMemoryError` when shared memory is short, `WorkerStartError`, `CollectorStateError`, or what making an
  ///   environment throws.
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
    core = try CollectorCore(
      setup, workerCount: actorCount, bufferCount: bufferCount,
      fragmentsPerBatch: fragmentsPerBatch, schedule: schedule, resuming: state)
    limit?.withholdSurplus { [pool = core.memory.pool] in
      precondition(pool.withhold(buffer: $0), "a fragment was claimed before any worker started")
    }
    wakeQuota = max(1, (limit?.most ?? bufferCount) / 6)
    isInterrupted = processes.isInterrupted
    say = processes.say
    group = try WorkerGroup(
      memory: core.memory, description: core.description,
      prepare: { [core] in core.prepare($0, incarnation: $1, anew: $2) }, processes: processes)
    try group.start(core.firstIncarnations(resuming: state))
  }

  /// Where the fields of a batch lie.
  public var batchLayout: FragmentLayout { core.batch.layout }

  /// Waits for the next batch.
  ///
  /// After `Interrupted` the next call goes on with the same turn and what it had.
  public func next() throws -> FragmentBatch {
    if core.progress.turns > 0 {
      core.publish()
      if case .fixed = schedule { for worker in 0..<workerCount { group.wake(worker) } }
    }
    while let buffer = limit?.returned(gathered: core.openPositions.lowerBound) { free(buffer) }
    try attendNowAndThen()
    for position in core.openPositions {
      let buffer = try waitForFreshFragment()
      core.gather(buffer, at: position)
      if limit?.withholds(buffer, gathered: position + 1) != true { free(buffer) }
    }
    return core.finishTurn()
  }

  /// How far collecting has come.
  public var progress: CollectorProgress {
    core.currentProgress(restarts: group.restartCount)
  }

  /// Where the collection stands, at the end of the last whole turn.
  public var state: CollectorState? { core.state(restarts: group.restartCount) }

  /// The lags of fragments handed out since the last call.
  public func takeLags() -> Histogram { core.lags.take() }

  /// Hands out the episodes that finished since the last call.
  public func takeEpisodes(_ body: (EpisodeRecord) -> Void) { core.takeEpisodes(body) }

  /// Forwards logs and replaces the dead.
  public func attend() throws { try group.attend(timeoutMilliseconds: 0) }

  /// Ends all workers.
  public func close() { group.close() }

  /// How many workers there are.
  package var workerCount: Int { core.memory.layout.workerCount }

  /// Which process a worker is at this moment; not after `close`.
  package func status(ofWorker worker: Int) -> WorkerStatus { group.status(worker) }

  // MARK: Waiting and waking

  /// The next fragment that is young enough to learn from, now *learning*; those that are not are dropped.
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

  /// Gives a fragment's memory back to the workers.
  private func free(_ buffer: Int) {
    core.memory.pool.release(buffer)
    wakeAfterFreeing(buffer)
  }

  /// The next fragment to learn from, now *learning*.
  private func waitForFragment() throws -> Int {
    if let buffer = take() { return buffer }
    wakeForAllFree()
    let began = SystemCalls.monotonicNanoseconds()
    var complaints: UInt64 = 0
    while true {
      core.memory.parkLearner()
      if let buffer = take() {
        core.memory.unparkLearner()
        return buffer
      }
      // The time limit is for signals and complaints only: a bell or a death ends the wait at once.
      try group.attend(timeoutMilliseconds: 100)
      core.memory.unparkLearner()
      if let buffer = take() { return buffer }
      if isInterrupted() { throw Interrupted() }
      let seconds = (SystemCalls.monotonicNanoseconds() - began) / 1_000_000_000
      if seconds >= 10 * (complaints + 1) {
        complaints += 1
        say("no fragment for \(seconds) s: \(culprits.joined(separator: "; "))")
      }
    }
  }

  private func take() -> Int? {
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

  /// A fragment became free: wakes who waits for it, or any worker once enough are free.
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

  /// Wakes a worker for each free fragment: the learner is about to wait for them.
  ///
  /// Counted anew, since a worker that was woken for several may be slow and leave the others lying.
  private func wakeForAllFree() {
    guard case .free = schedule else { return }
    freed = 0
    for _ in 0..<core.memory.pool.freeCount where !wakeNext() { return }
  }

  /// Wakes the next worker in turn that waits for a free fragment; whether one does.
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

/// Which program workers run, whom to tell about them, and when to stop waiting.
public struct WorkerProcesses {
  /// The program whose `worker` subcommand to run; nil for the one that runs now.
  public var executable: String?
  /// Takes workers' log lines and reports of deaths, a sentence each.
  public var say: (String) -> Void
  /// Asked while waiting: whether to break off.
  public var isInterrupted: () -> Bool
  /// Seconds after which a worker that does not get on is killed and replaced; nil for never.
  public var patience: Double?
  /// Seconds that a worker has to close each of its environments; nil for any time.
  public var closePatience: Double?

  /// The program that runs now, telling on standard error.
  public init(
    executable: String? = nil, say: @escaping (String) -> Void = reportOnStandardError,
    isInterrupted: @escaping () -> Bool = { false }, patience: Double? = nil,
    closePatience: Double? = EnvironmentChoice.usualClosePatience
  ) {
    self.executable = executable
    self.say = say
    self.isInterrupted = isInterrupted
    self.patience = patience
    self.closePatience = closePatience
  }
}
