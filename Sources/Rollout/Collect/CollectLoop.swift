/// The loop that alternates between actor and environments and records the steps in fragments.
///
///     … ─► t ──react──► t + ½ ──step──► t + 1 ─► …
///
/// If actor and environments can both process parts of the batch, one half of the environments
/// steps while the actor reacts to the other half. The fragment is the same either way. The loop
/// times both ways and uses the faster one (`PaceComparison`).
///
/// The loop knows nothing of networks or processes. The last state of a fragment is carried over to
/// row 0 of the next fragment, which may lie in other memory.
///
/// ```swift
/// let loop = CollectLoop(environments: environments, actor: actor, layout: layout)
/// try loop.start()
/// for _ in 0..<100 { try loop.collect(into: buffer.view) }
/// ```
public final class CollectLoop {
  private let environments: any EnvironmentBatch
  /// The environments as a batch with snapshots; `nil` if they have none.
  private let saved: (any SnapshotBatch)?
  private let actor: any RolloutActor
  /// The environments as a batch that steps in parts; `nil` if all environments step together.
  private let overlapping: (any OverlappingBatch)?
  private let parts: [Range<Int>]
  /// The two ways to collect a fragment: all environments together, or part by part.
  ///
  /// Parts overlap inference and process wake-ups with environment steps. But they need twice as
  /// many messages, and two small batches cost the network more than a large one. The balance
  /// depends on the network, the environments and the number of idle processors.
  private var comparison = PaceComparison()
  private let sticky: Bool
  /// True if the layout has actor outputs for the final observations of truncated episodes.
  private let recordsFinal: Bool
  private let layout: FragmentLayout
  private let line: WorkerLine
  /// The memory of the loop's own line; empty for a worker's.
  private let ownLine: FlatVector<UInt8>
  /// The number of episodes that `takeEpisodes` has passed.
  private var cursor: UInt64 = 0
  private var position: PositionMarker { line.position }
  /// Asked before each row: whether the run is over.
  private let isStopped: () -> Bool
  private let carried: FragmentStorage
  private let episodes: RunningEpisodes

  /// Creates a loop of a program's own, without stepping any environment.
  ///
  /// - Parameters:
  ///   - environments: the environments to step, such as those of `Environment.batch`.
  ///   - actor: the actor that chooses the actions, made for the layout.
  ///   - layout: the layout of the fragments, with the batch's number of environments and spaces.
  ///   - sticky: true if an environment waits at its reset state after an episode ends, until the
  ///     fragment ends. The layout then has `mayWait` in its contents.
  public convenience init(
    environments: any EnvironmentBatch, actor: any RolloutActor, layout: FragmentLayout,
    sticky: Bool = false
  ) {
    self.init(
      environments: environments, actor: actor, layout: layout, sticky: sticky, line: nil)
  }

  /// Creates a loop for a worker.
  ///
  /// - Parameters:
  ///   - environments: the environments to step.
  ///   - actor: the actor that chooses the actions.
  ///   - layout: the layout of the fragments, with as many environments as the batch.
  ///   - sticky: true if an environment waits at its reset state after an episode ends, until the
  ///     fragment ends.
  ///   - line: the worker line for position and finished episodes; nil for one of the loop's own.
  package init(
    environments: any EnvironmentBatch, actor: any RolloutActor, layout: FragmentLayout,
    sticky: Bool, line: WorkerLine?, isStopped: @escaping () -> Bool = { false }
  ) {
    environments.checkFits(layout)
    precondition(
      actor.reaction == layout.contents.reaction
        && actor.recurrentState == layout.contents.recurrentState,
      "a layout of another actor: make it with the policy's signature")
    self.layout = layout
    self.environments = environments
    saved = environments.capability((any SnapshotBatch).self)
    self.actor = actor
    parts = actor.parts
    overlapping = parts.count > 1 ? environments.capability((any OverlappingBatch).self) : nil
    self.sticky = sticky
    recordsFinal = !layout.finalReaction.leaves.isEmpty
    ownLine = FlatVector(repeating: 0, count: line == nil ? RunLayout.workerLineStride : 0)
    self.line = line ?? WorkerLine(ownLine)
    self.isStopped = isStopped
    carried = FragmentStorage(layout.singleRow)
    episodes = RunningEpisodes(environments.count, self.line)
  }

  /// Resets all environments and the actor's recurrent state.
  ///
  /// - Throws: the error of an environment.
  public func start() throws {
    try environments.reset(into: carried.view, row: 0)
    actor.reset(environment: nil)
  }

  /// Records T steps into a fragment, followed by the virtual reaction to row T.
  ///
  /// - Throws: `EnvironmentFault` if an environment fails; the fragment is then incomplete.
  /// - Precondition: the fragment has the loop's layout, and ``start()`` was called before.
  public func collect(into fragment: FragmentView) throws {
    precondition(
      fragment.layout === layout || fragment.layout.columns == layout.columns,
      "a fragment of another layout")
    let stepCount = fragment.layout.stepCount
    carried.view.copyState(row: 0, to: fragment, row: 0)
    actor.recordState(into: fragment)
    if let overlapping {
      let began = SystemCalls.monotonicNanoseconds()
      if comparison.isSecondNext {
        try play(overlapping, fragment, stepCount)
      } else {
        try play(fragment, stepCount)
      }
      comparison.add(nanoseconds: SystemCalls.monotonicNanoseconds() - began)
    } else {
      try play(fragment, stepCount)
    }
    fragment.copyState(row: stepCount, to: carried.view, row: 0)
  }

  /// Calls a closure with each episode that finished since the last call, oldest first.
  ///
  /// If very many finished, only the latest ones are passed.
  public func takeEpisodes(_ body: (EpisodeRecord) -> Void) {
    line.drain(from: &cursor, body)
  }

  /// Records the steps of all environments together.
  private func play(_ fragment: FragmentView, _ stepCount: Int) throws {
    let all = 0..<environments.count
    let position = position
    for t in 0..<stepCount {
      try beginRow()
      actor.react(to: fragment, at: t, of: all, virtual: false)
      try environments.step(fragment, from: t, sticky: sticky, position: position)
      settle(fragment, row: t + 1, of: all)
    }
    position.clear()
    actor.react(to: fragment, at: stepCount, of: all, virtual: true)
  }

  /// Records the steps part by part: while the actor reacts to one part, the others step.
  private func play(
    _ environments: any OverlappingBatch, _ fragment: FragmentView, _ stepCount: Int
  ) throws {
    let position = position
    for t in 0...stepCount {
      if t < stepCount { try beginRow() }
      for part in parts {
        if t > 0 {
          try environments.finishStep(
            fragment, from: t - 1, sticky: sticky, of: part, position: position)
          settle(fragment, row: t, of: part)
        }
        actor.react(to: fragment, at: t, of: part, virtual: t == stepCount)
        if t < stepCount {
          try environments.beginStep(fragment, from: t, sticky: sticky, of: part)
        }
      }
    }
    position.clear()
  }

  /// Counts the next row.
  ///
  /// - Throws: `CollectionStopped` when the run is over.
  @inline(__always)
  private func beginRow() throws {
    line.countRow()
    if isStopped() { throw CollectionStopped() }
  }

  /// Handles truncations and finished episodes after the step into `row`.
  private func settle(_ fragment: FragmentView, row: Int, of range: Range<Int>) {
    if recordsFinal, fragment.hasTruncation(at: row - 1, of: range) {
      actor.reactToFinal(of: fragment, at: row - 1, of: range)
    }
    episodes.count(fragment, row: row, of: range, actor)
  }

  // MARK: Snapshots

  /// The size of the loop's snapshot in bytes; 0 if its environments do not support snapshots.
  package var snapshotByteCount: Int {
    saved == nil ? 0 : SnapshotCursor.measure { transfer(&$0) }
  }

  /// Saves a snapshot of that size.
  package func save(into memory: SnapshotView) {
    SnapshotCursor.save(into: memory) { transfer(&$0) }
  }

  /// Restores a snapshot of that size.
  package func restore(from memory: SnapshotView) {
    SnapshotCursor.restore(from: memory) { transfer(&$0) }
  }

  /// Restores a snapshot of that size, which comes from a file and may hold any bytes.
  ///
  /// - Returns: the first invalid value, as a phrase; nil if the loop can continue.
  package func restoreChecking(from bytes: [UInt8]) -> String? {
    SnapshotCursor.restoreChecking(from: bytes) { transfer(&$0) }
  }

  /// Measures, saves or restores the state behind the next fragment, apart from the weights.
  ///
  /// - Precondition: the environments support snapshots.
  private func transfer(_ snapshot: inout SnapshotCursor) {
    saved?.transfer(&snapshot)
    actor.transfer(&snapshot)
    snapshot.transferState(of: carried.view, row: 0)
    episodes.transfer(&snapshot)
  }
}

/// The run ended in the middle of a fragment.
package struct CollectionStopped: Error {
  /// Ends a fragment.
  package init() {}
}

/// The returns and lengths of the running episodes; reports each finished one to the learner.
final class RunningEpisodes {
  private let returns: FlatVector<Float>
  private let lengths: FlatVector<UInt32>
  private let line: WorkerLine

  init(_ count: Int, _ line: WorkerLine) {
    returns = FlatVector(repeating: 0, count: count)
    lengths = FlatVector(repeating: 0, count: count)
    self.line = line
  }

  /// Measures, saves or restores the returns and lengths so far.
  func transfer(_ snapshot: inout SnapshotCursor) {
    snapshot.transfer(returns)
    snapshot.transfer(lengths)
  }

  /// Counts the step into `row` for a range of environments.
  ///
  /// Steps that were not played, because the environment waits or was only reset, are not counted.
  /// When an episode ends, the actor's recurrent state for that environment is reset.
  func count(
    _ fragment: FragmentView, row: Int, of range: Range<Int>, _ actor: any RolloutActor
  ) {
    let layout = fragment.layout
    let rewards = fragment.values(layout.rew, from: row, as: Float.self)
    let ends = fragment.values(layout.fin, from: row, as: Bool.self)
    let terminated = fragment.values(layout.terminated, from: row - 1, as: Bool.self)
    let truncated = fragment.values(layout.truncated, from: row - 1, as: Bool.self)
    for environment in range {
      if ends[environment], !terminated[environment], !truncated[environment] { continue }
      returns[environment] += rewards[environment]
      lengths[environment] &+= 1
      guard ends[environment] else { continue }
      line.push(
        EpisodeRecord(
          episodeReturn: returns[environment], length: lengths[environment]))
      actor.reset(environment: environment)
      returns[environment] = 0
      lengths[environment] = 0
    }
  }
}
