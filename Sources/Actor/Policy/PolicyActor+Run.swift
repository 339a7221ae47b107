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

extension FragmentProducer {
  /// One worker's work, set up as the run's description asks for.
  ///
  /// - Throws: `UnknownEnvironment`, `WrapperError`, `PolicyError`, or what making the environments throws.
  public convenience init(
    _ description: RunDescription, memory: RunMemory, worker: Int, incarnation: UInt32
  ) throws {
    let streams = description.streams(worker: worker, incarnation: incarnation)
    let environments = try description.environment.makeBatch(
      count: description.environmentCount, streams: streams)
    let signature = try PolicySignature(
      PolicyRegistry.decode(description.policy), for: environments.spaces)
    let layout = FragmentLayout(
      stepCount: description.stepCount, environmentCount: description.environmentCount,
      contents: signature.contents(environments.spaces))
    guard layout.byteCount == memory.layout.fragmentByteCount,
      signature.parameters.elementCount == memory.layout.weightCount
    else {
      throw PolicyError(
        """
        this worker makes fragments of \(layout.byteCount) bytes with \
        \(signature.parameters.elementCount) weights where the learner expects \
        \(memory.layout.fragmentByteCount) and \(memory.layout.weightCount): \
        both must be the same build
        """)
    }
    // Halves keep a worker and its environments' process at work at once. Without a processor for each they only cost more, which
    // no worker would notice: two processes get a larger share of what all need.
    let canOverlap = 2 * memory.layout.workerCount <= SystemCalls.coreCount
    let actor = try PolicyActor(
      description, layout: layout, worker: worker, incarnation: incarnation,
      parts: canOverlap ? environments.parts : nil)
    self.init(
      memory: memory, worker: worker, incarnation: incarnation, layout: layout,
      environments: environments, actor: actor, sticky: description.sticky)
  }
}
