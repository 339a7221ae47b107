/// The work of one worker apart from waiting: read weights, fill a fragment, publish it.
///
/// Each worker process runs one producer. The collector inside the learner's process uses one too.
package final class FragmentProducer {
  private let memory: RunMemory
  private let line: WorkerLine
  private let loop: CollectLoop
  private let actor: any RolloutActor
  private let layout: FragmentLayout
  private let worker: Int
  private let incarnation: UInt32
  private var heldVersion: UInt64 = 0

  /// The number of the next fragment, starting at `WorkerLine.firstFragment`.
  package private(set) var index: Int

  /// Creates the producer without stepping any environment.
  ///
  /// - Parameters:
  ///   - memory: the run's memory.
  ///   - worker: the worker's number.
  ///   - incarnation: the number of times the worker has been replaced.
  ///   - layout: the layout of the fragments.
  ///   - environments: the environments to step.
  ///   - actor: the actor that chooses the actions.
  ///   - sticky: true if an environment waits at its reset state after an episode ends, until the
  ///     fragment ends.
  package init(
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
      environments: environments, actor: actor, layout: layout, sticky: sticky, line: line,
      isStopped: { memory.stopping })
  }

  /// The size of a snapshot in bytes; 0 if the environments do not support snapshots.
  package var snapshotByteCount: Int { loop.snapshotByteCount }

  /// Starts the first episodes, or resumes from the snapshot that the learner provided.
  ///
  /// - Throws: the error of an environment.
  package func start() throws {
    guard line.restoresSnapshot else { return try loop.start() }
    // Bytes of a file were checked by the learner.
    loop.restore(from: memory.snapshot(ofWorker: worker))
  }

  /// Fills a fragment that this worker has claimed, and publishes it.
  ///
  /// - Parameters:
  ///   - buffer: a buffer of the pool in state *filling* for this worker.
  ///   - version: the version of the weights to use, or nil for the newest.
  /// - Throws: `EnvironmentFault` if an environment fails; the fragment is then not published.
  package func produce(into buffer: Int, version: UInt64? = nil) throws {
    takeWeights(version)
    let began = SystemCalls.monotonicNanoseconds()
    let fragment = FragmentView(layout: layout, buffer: buffer, of: memory)
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
    guard let read = memory.board.read(into: actor.weights, exactly: version) else {
      preconditionFailure(
        "version \(version ?? 0) of the weights is not on the board; the newest is \(newest)")
    }
    heldVersion = read
    actor.weightsChanged()
  }
}
