/// Alternates between actor and environments and records what happens, fragment after fragment.
///
///     … ─► t ──react──► t + ½ ──step──► t + 1 ─► …
///
/// Where both can deal with parts of the batch, one half of the environments can step while the actor reacts to the other. The
/// fragment is the same, and which way is the faster one is tried.
///
/// The loop knows neither networks nor processes: it is mechanics. The state that one fragment ends in is carried to the
/// first row of the next one, which may lie in other memory.
public final class CollectLoop {
  let environments: any EnvironmentBatch
  let actor: any RolloutActor
  /// The environments as what steps in parts; `nil` when all step together.
  private let overlapping: (any OverlappingBatch)?
  private let parts: [Range<Int>]
  private var comparison = PaceComparison()
  private let sticky: Bool
  /// Whether the actor says anything to an observation at which a limit cuts an episode.
  private let recordsFinal: Bool
  private let position: PositionMarker
  let carried: FragmentStorage
  let episodes: RunningEpisodes

  /// Sets up a loop; nothing is stepped yet.
  ///
  /// - Parameters:
  ///   - environments: what is played.
  ///   - actor: who plays.
  ///   - layout: the fragments to record, of as many environments.
  ///   - sticky: whether an environment whose episode ended waits until the fragment ends.
  ///   - line: where progress and finished episodes are told.
  package init(
    environments: any EnvironmentBatch, actor: any RolloutActor, layout: FragmentLayout,
    sticky: Bool, line: WorkerLine
  ) {
    precondition(environments.count == layout.environmentCount, "a layout of another batch")
    self.environments = environments
    self.actor = actor
    parts = actor.parts
    overlapping = parts.count > 1 ? environments.overlapping : nil
    self.sticky = sticky
    recordsFinal = !layout.finalReaction.leaves.isEmpty
    position = line.position
    carried = FragmentStorage(layout.singleRow)
    episodes = RunningEpisodes(environments.count, line)
  }

  /// Begins the first episodes.
  ///
  /// - Throws: what an environment throws.
  public func start() throws {
    try environments.reset(into: carried.view, row: 0)
    actor.reset(environment: nil)
  }

  /// Records T steps into a fragment, and the virtual reaction after them.
  ///
  /// - Throws: `EnvironmentFault` when an environment cannot go on; the fragment is then unfinished.
  public func collect(into fragment: FragmentView) throws {
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

  /// Records the steps of all environments together.
  private func play(_ fragment: FragmentView, _ stepCount: Int) throws {
    let all = 0..<environments.count
    for t in 0..<stepCount {
      actor.react(to: fragment, at: t, of: all, virtual: false)
      try environments.step(fragment, from: t, sticky: sticky, position: position)
      settle(fragment, row: t + 1, of: all)
    }
    position.clear()
    actor.react(to: fragment, at: stepCount, of: all, virtual: true)
  }

  /// Records the steps part by part: while the actor reacts to one, the others' steps are under way.
  private func play(
    _ environments: any OverlappingBatch, _ fragment: FragmentView, _ stepCount: Int
  ) throws {
    for t in 0...stepCount {
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

  /// Does what follows the step that led some environments to `row`.
  private func settle(_ fragment: FragmentView, row: Int, of range: Range<Int>) {
    if recordsFinal, fragment.hasTruncation(at: row - 1, of: range) {
      actor.reactToFinal(of: fragment, at: row - 1, of: range)
    }
    episodes.count(fragment, row: row, of: range, sticky: sticky, actor)
  }
}

/// Adds up the rewards of the episodes under way and tells of those that finish.
final class RunningEpisodes {
  private let returns: FlatVector<Float>
  private let lengths: FlatVector<UInt32>
  private let line: WorkerLine

  init(_ count: Int, _ line: WorkerLine) {
    returns = FlatVector(repeating: 0, count: count)
    lengths = FlatVector(repeating: 0, count: count)
    self.line = line
  }

  /// Measures, saves or restores returns and lengths so far.
  func transfer(_ snapshot: inout SnapshotCursor) {
    snapshot.transfer(returns)
    snapshot.transfer(lengths)
  }

  /// Counts the step that led some environments to `row`.
  ///
  /// A frozen environment's row, `fin` after `fin`, counts for nothing. An actor forgets what it carried from an episode that is over.
  func count(
    _ fragment: FragmentView, row: Int, of range: Range<Int>, sticky: Bool,
    _ actor: any RolloutActor
  ) {
    let layout = fragment.layout
    let rewards = (fragment.base + layout.rew.offset(row: row)).assumingMemoryBound(to: Float.self)
    let ends = (fragment.base + layout.fin.offset(row: row)).assumingMemoryBound(to: Bool.self)
    let earlier = ends - layout.environmentCount
    for environment in range {
      if sticky, row > 1, earlier[environment] { continue }
      returns.base[environment] += rewards[environment]
      lengths.base[environment] &+= 1
      guard ends[environment] else { continue }
      line.push(
        EpisodeRecord(
          episodeReturn: returns.base[environment], length: lengths.base[environment]))
      actor.reset(environment: environment)
      returns.base[environment] = 0
      lengths.base[environment] = 0
    }
  }
}
