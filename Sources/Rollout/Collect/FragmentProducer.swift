/// One worker's work without the waiting: takes weights, fills a fragment, hands it over.
///
/// A worker process runs one, and so does the collector that stays in the learner's process.
public final class FragmentProducer {
  private let memory: RunMemory
  private let line: WorkerLine
  private let loop: CollectLoop
  private let actor: any RolloutActor
  private let layout: FragmentLayout
  private let worker: Int
  private let incarnation: UInt32
  private var heldVersion: UInt64 = 0

  /// The number of the next fragment; its first one's is what the learner said (`WorkerLine.firstFragment`).
  public private(set) var index: Int

  /// Sets a worker up; nothing is stepped yet.
  ///
  /// - Parameters:
  ///   - memory: the run's memory.
  ///   - worker: the worker's number.
  ///   - incarnation: how often it had been replaced before.
  ///   - layout: the fragments to record.
  ///   - environments: what is played.
  ///   - actor: who plays.
  ///   - sticky: whether an environment whose episode ended waits until the fragment ends.
  public init(
    memory: RunMemory, worker: Int, incarnation: UInt32, layout: FragmentLayout,
    environments: any EnvironmentBatch, actor: any RolloutActor, sticky: Bool
  ) {
    self.memory = memory
    self.worker = worker
    self.incarnation = incarnation
    self.layout = layout
    self.actor = actor
    line = memory.line(worker)
    index = line.firstFragment
    loop = CollectLoop(
      environments: environments, actor: actor, layout: layout, sticky: sticky, line: line)
  }

  /// Bytes of a snapshot; 0 when the environments have none.
  public var snapshotByteCount: Int { loop.snapshotByteCount }

  /// Begins the first episodes, or goes on from the snapshot that the learner laid ready.
  ///
  /// - Throws: what an environment throws.
  public func start() throws {
    guard line.restoresSnapshot else { return try loop.start() }
    SnapshotCursor.restore(from: memory.snapshot(ofWorker: worker)) { loop.transfer(&$0) }
  }

  /// Fills a fragment that this worker has claimed, and publishes it.
  ///
  /// - Parameters:
  ///   - buffer: a buffer of the pool that is *filling* for this worker.
  ///   - version: the weights to use, or nil for the newest.
  /// - Throws: `EnvironmentFault` when an environment cannot go on; the fragment is then not published.
  public func produce(into buffer: Int, version: UInt64? = nil) throws {
    takeWeights(version)
    let began = SystemCalls.monotonicNanoseconds()
    let fragment = FragmentView(
      layout: layout, base: memory.pool.base(of: buffer), owner: memory)
    try loop.collect(into: fragment)
    var header = FragmentHeader()
    header.worker = UInt32(worker)
    header.incarnation = incarnation
    header.index = UInt64(index)
    header.policyVersion = heldVersion
    header.episodes = line.episodes
    header.collectNanoseconds = SystemCalls.monotonicNanoseconds() - began
    fragment.header = header
    index += 1
    let snapshot = memory.pool.snapshot(of: buffer)
    if !snapshot.isEmpty { SnapshotCursor.save(into: snapshot) { loop.transfer(&$0) } }
    line.countFragment(steps: layout.stepCount * layout.environmentCount)
    _ = memory.pool.publish(buffer)
  }

  private func takeWeights(_ version: UInt64?) {
    let newest = memory.board.publishedVersion
    guard heldVersion != version ?? newest else { return }
    guard let read = memory.board.read(into: actor.weights.buffer, exactly: version) else {
      preconditionFailure(
        "version \(version ?? 0) of the weights is not on the board, whose newest is \(newest)")
    }
    heldVersion = read
    actor.weightsChanged()
  }
}
