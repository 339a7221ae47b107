import Rollout

extension PolicyActor {
  /// Creates the actor of one incarnation of a worker from the run's description.
  ///
  /// - Parameters:
  ///   - policy: the run's policy.
  ///   - description: the description of the run.
  ///   - layout: the layout of a fragment.
  ///   - worker: the index of the worker.
  ///   - incarnation: the incarnation of the worker.
  ///   - parts: the ranges of environments to react to separately; `nil` for all together.
  /// - Throws: `PolicyError` when the policy does not support the environment's spaces.
  package convenience init(
    _ policy: any Policy, _ description: RunDescription, layout: FragmentLayout, worker: Int,
    incarnation: UInt32, parts: [Range<Int>]? = nil
  ) throws(PolicyError) {
    let streams = description.streams(worker: worker, incarnation: incarnation)
    try self.init(
      policy, layout: layout,
      streams: (0..<description.environmentCount).map { streams.action($0) }, parts: parts)
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
    let streams = description.streams(worker: worker, incarnation: incarnation)
    environments = try description.environment.makeBatch(
      count: description.environmentCount, streams: streams, marking: marker)
    try description.check(environments.spaces, ofWorker: worker)
    let signature = try PolicySignature(policy, for: environments.spaces)
    weightCount = signature.actingWeightCount
    layout = FragmentLayout(
      stepCount: description.stepCount, environmentCount: description.environmentCount,
      contents: signature.contents(environments.spaces))
    actor = try PolicyActor(
      policy, description, layout: layout, worker: worker, incarnation: incarnation,
      parts: canOverlap ? environments.parts : nil)
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

extension FragmentProducer {
  /// Creates one worker's producer from the policy, the run's description and the worker's line.
  ///
  /// - Throws: `UnknownEnvironment`, `WrapperError`, `PolicyError`, or any error of creating the
  ///   environments.
  package convenience init(
    _ policy: any Policy, _ description: RunDescription, memory: RunMemory, worker: Int,
    incarnation: UInt32
  ) throws {
    // Reacting to halves keeps a worker and its environments' process busy at the same time. With
    // fewer than two cores per worker, halves only add cost. A worker could not measure that: its
    // two processes would just take a larger share of the cores.
    let parts = try WorkerParts(
      policy, description, worker: worker, incarnation: memory.line(worker).streams,
      canOverlap: 2 * memory.layout.workerCount <= SystemCalls.coreCount,
      marker: OwnedPositionMarker(memory.line(worker).position, owner: memory))
    self.init(
      memory: memory, worker: worker, incarnation: incarnation, layout: parts.layout,
      environments: parts.environments, actor: parts.actor, sticky: description.sticky)
    let expected = memory.layout
    guard parts.layout.byteCount == expected.fragmentByteCount,
      parts.weightCount == expected.weightCount,
      expected.snapshotByteCount == 0 || snapshotByteCount == expected.snapshotByteCount
    else {
      throw PolicyError(
        """
        this worker makes fragments of \(parts.layout.byteCount) bytes and snapshots of \
        \(snapshotByteCount) with \(parts.weightCount) weights, but the learner \
        expects \(expected.fragmentByteCount), \(expected.snapshotByteCount) and \
        \(expected.weightCount): both must be the same build
        """)
    }
  }
}
