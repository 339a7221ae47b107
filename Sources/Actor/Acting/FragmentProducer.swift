import Rollout

/// The work of one worker apart from waiting: read weights, fill a fragment, publish it.
///
/// Each worker process runs one producer. The collector inside the learner's process uses one too.
package final class FragmentProducer {
  private let memory: RunMemory
  private let line: WorkerLine
  private let loop: CollectLoop
  private let actor: PolicyActor
  private let layout: FragmentLayout
  private let worker: Int
  private let incarnation: UInt32
  private var heldVersion: UInt64 = 0

  /// The number of the next fragment, starting at `WorkerLine.firstFragment`.
  package private(set) var index: Int

  /// Creates environments and actor of one incarnation of a worker; no environment steps yet.
  ///
  /// - Parameters:
  ///   - policy: the run's policy.
  ///   - description: the description of the run.
  ///   - memory: the run's memory, in which the worker's line is prepared.
  ///   - worker: the worker's number.
  ///   - incarnation: the number of times the worker has been replaced.
  /// - Throws: `UnknownEnvironment`, `WrapperError`, `PolicyError`, or any error of creating the
  ///   environments.
  package init(
    _ policy: any Policy, _ description: RunDescription, memory: RunMemory, worker: Int,
    incarnation: UInt32
  ) throws {
    self.memory = memory
    self.worker = worker
    self.incarnation = incarnation
    line = memory.line(worker)
    index = line.firstFragment
    // Reacting to halves keeps a worker and its environments' process busy at the same time. With
    // fewer than two cores per worker, halves only add cost. A worker could not measure that: its
    // two processes would just take a larger share of the cores.
    let parts = try WorkerParts(
      policy, description, worker: worker, incarnation: line.streams,
      canOverlap: 2 * memory.layout.workerCount <= SystemCalls.coreCount,
      marker: OwnedPositionMarker(line.position, owner: memory))
    actor = parts.actor
    layout = parts.layout
    loop = CollectLoop(
      environments: parts.environments, actor: actor, layout: layout, sticky: description.sticky,
      line: line, isStopped: { memory.stopping })
    let (expected, snapshotByteCount) = (memory.layout, loop.snapshotByteCount)
    guard layout.byteCount == expected.fragmentByteCount,
      parts.weightCount == expected.weightCount,
      expected.snapshotByteCount == 0 || snapshotByteCount == expected.snapshotByteCount
    else {
      throw PolicyError(
        """
        this worker makes fragments of \(layout.byteCount) bytes and snapshots of \
        \(snapshotByteCount) with \(parts.weightCount) weights, but the learner \
        expects \(expected.fragmentByteCount), \(expected.snapshotByteCount) and \
        \(expected.weightCount): both must be the same build
        """)
    }
  }

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
    if !snapshot.isEmpty { loop.save(into: snapshot) }
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

/// The environments, layout and actor of a worker.
private struct WorkerParts {
  let environments: any EnvironmentBatch
  let layout: FragmentLayout
  /// The number of weights that the actor needs.
  let weightCount: Int
  let actor: PolicyActor

  /// Creates environments and actor with the random streams of one incarnation.
  ///
  /// - Parameter canOverlap: true to react to parts of the environments separately, if their batch
  ///   supports it.
  /// - Throws: `UnknownEnvironment`, `WrapperError`, `PolicyError`, `DifferentSpaces`, or any
  ///   error of creating the environments.
  init(
    _ policy: any Policy, _ description: RunDescription, worker: Int, incarnation: UInt32,
    canOverlap: Bool = false, marker: OwnedPositionMarker = .unread
  ) throws {
    let count = description.environmentCount
    let streams = description.streams(worker: worker, incarnation: incarnation)
    environments = try description.environment.makeBatch(
      count: count, streams: streams, marking: marker)
    try description.check(environments.spaces, ofWorker: worker)
    let signature = try PolicySignature(policy, for: environments.spaces)
    weightCount = signature.actingWeightCount
    layout = FragmentLayout(
      stepCount: description.stepCount, environmentCount: count,
      contents: signature.contents(environments.spaces))
    actor = try PolicyActor(
      policy, layout: layout, streams: (0..<count).map(streams.action),
      parts: canOverlap ? environments.parts : nil, unread: description.unreadOutputs)
  }
}

extension RunDescription {
  /// Returns the size of a worker's snapshot in bytes; 0 if the environments have none.
  ///
  /// The environments and the actor of a worker are made to measure it.
  ///
  /// - Parameters:
  ///   - policy: the run's policy.
  ///   - snapshots: the snapshots of a state, one for each worker. They may hold any bytes; those
  ///     of the right size are restored to check them.
  /// - Throws: `SnapshotFault`, `UnknownEnvironment`, `WrapperError`, `PolicyError`, or an error of
  ///   making the environments.
  package func snapshotByteCount(
    of policy: any Policy, checking snapshots: [[UInt8]] = []
  ) throws -> Int {
    guard try EnvironmentRegistry.shared.environment(environment.id).maySnapshot else { return 0 }
    func makeLoop() throws -> CollectLoop {
      let parts = try WorkerParts(policy, self, worker: 0, incarnation: 0)
      return CollectLoop(
        environments: parts.environments, actor: parts.actor, layout: parts.layout, sticky: sticky)
    }
    let loop = try makeLoop()
    let byteCount = loop.snapshotByteCount
    for (worker, snapshot) in snapshots.enumerated()
    where !snapshot.isEmpty && snapshot.count == byteCount {
      // Restored states are compared with environments as they are made.
      let loop = try makeLoop()
      let fault = loop.restoreChecking(from: snapshot)
      if let fault { throw SnapshotFault(worker: worker, fault) }
    }
    return byteCount
  }
}
