import Rollout

extension PolicyActor {
  /// The actor of one incarnation of a worker, as the run's description asks for.
  ///
  /// - Parameter parts: which environments to react to by themselves; all together when it is nil.
  /// - Throws: `PolicyError` when the policy is not registered or cannot deal with the environment's spaces.
  public convenience init(
    _ description: RunDescription, layout: FragmentLayout, worker: Int, incarnation: UInt32,
    parts: [Range<Int>]? = nil
  ) throws(PolicyError) {
    let streams = description.streams(worker: worker, incarnation: incarnation)
    try self.init(
      PolicyRegistry.decode(description.policy), layout: layout,
      streams: (0..<description.environmentCount).map { streams.action($0) }, parts: parts)
  }
}

/// What a worker collects with, as a run's description asks for.
private struct WorkerParts {
  let environments: any EnvironmentBatch
  let layout: FragmentLayout
  let parameters: ParameterLayout
  let actor: PolicyActor

  /// Makes environments and actor with the streams of one incarnation.
  ///
  /// - Parameter canOverlap: whether to react to parts of the environments by themselves, where they can step so.
  /// - Throws: `UnknownEnvironment`, `WrapperError`, `PolicyError`, or what making the environments throws.
  init(
    _ description: RunDescription, worker: Int, incarnation: UInt32, canOverlap: Bool = false
  ) throws {
    let streams = description.streams(worker: worker, incarnation: incarnation)
    environments = try description.environment.makeBatch(
      count: description.environmentCount, streams: streams)
    let signature = try PolicySignature(
      PolicyRegistry.decode(description.policy), for: environments.spaces)
    parameters = signature.parameters
    layout = FragmentLayout(
      stepCount: description.stepCount, environmentCount: description.environmentCount,
      contents: signature.contents(environments.spaces))
    actor = try PolicyActor(
      description, layout: layout, worker: worker, incarnation: incarnation,
      parts: canOverlap ? environments.parts : nil)
  }
}

extension RunDescription {
  /// Measures a worker's snapshot, for which it makes what a worker collects with, unless there are none.
  ///
  /// - Returns: bytes; 0 where the environments have no snapshots.
  /// - Throws: `UnknownEnvironment`, `WrapperError`, `PolicyError`, or what making the environments throws.
  package func snapshotByteCount() throws -> Int {
    guard try EnvironmentRegistry.shared.specification(environment.id).maySnapshot else { return 0 }
    let parts = try WorkerParts(self, worker: 0, incarnation: 0)
    return CollectLoop(
      environments: parts.environments, actor: parts.actor, layout: parts.layout, sticky: sticky,
      line: .unread
    ).snapshotByteCount
  }
}

extension FragmentProducer {
  /// One worker's work, set up as the run's description and the worker's line ask for.
  ///
  /// - Throws: `UnknownEnvironment`, `WrapperError`, `PolicyError`, or what making the environments throws.
  public convenience init(
    _ description: RunDescription, memory: RunMemory, worker: Int, incarnation: UInt32
  ) throws {
    // Halves keep a worker and its environments' process at work at once. Without a processor for each they only cost more, which
    // no worker would notice: two processes get a larger share of what all need.
    let parts = try WorkerParts(
      description, worker: worker, incarnation: memory.line(worker).streams,
      canOverlap: 2 * memory.layout.workerCount <= SystemCalls.coreCount)
    self.init(
      memory: memory, worker: worker, incarnation: incarnation, layout: parts.layout,
      environments: parts.environments, actor: parts.actor, sticky: description.sticky)
    let expected = memory.layout
    guard parts.layout.byteCount == expected.fragmentByteCount,
      parts.parameters.elementCount == expected.weightCount,
      expected.snapshotByteCount == 0 || snapshotByteCount == expected.snapshotByteCount
    else {
      throw PolicyError(
        """
        this worker makes fragments of \(parts.layout.byteCount) bytes and snapshots of \
        \(snapshotByteCount) with \(parts.parameters.elementCount) weights where the learner expects \
        \(expected.fragmentByteCount), \(expected.snapshotByteCount) and \(expected.weightCount): \
        both must be the same build
        """)
    }
  }
}
