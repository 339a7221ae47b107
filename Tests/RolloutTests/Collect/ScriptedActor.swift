import Rollout

/// An actor that counts: its n-th played reaction is the action 10 + n, for all environments alike.
///
/// It records the first number of the observation and the number of reactions played so far. That
/// number is also its recurrent state. A reaction counts as played when the last environment has
/// received its action.
final class ScriptedActor: RolloutActor {
  let reaction: Nested<LeafSpecification> = .fields([
    ("seen", .leaf(.init(.float32, []))), ("played", .leaf(.init(.float32, []))),
  ])
  let recurrentState: Nested<LeafSpecification> = .leaf(.init(.float32, []))
  let weights = FlatVector<Float>(repeating: 0, count: 0)
  let parts: [Range<Int>]
  private(set) var played = 0
  /// The environments that were reset; nil for all.
  private(set) var resets: [Int?] = []
  /// The rows with truncated episodes at which it reacted to final observations.
  private(set) var finalRows: [Int] = []
  /// The outputs for final observations.
  let finalReaction: Nested<LeafSpecification> = .fields([
    ("seen", .leaf(.init(.float32, []))), ("resets", .leaf(.init(.float32, []))),
  ])

  init(parts: [Range<Int>]) { self.parts = parts }

  func weightsChanged() {}

  func reset(environment: Int?) { resets.append(environment) }

  func recordState(into fragment: FragmentView) {
    guard let column = fragment.layout.hx.value else { return }
    let view: ColumnView<Float> = fragment.column(column)
    for environment in 0..<view.environmentCount { view[0, environment] = Float(played) }
  }

  func transfer(_ snapshot: inout SnapshotCursor) { snapshot.transfer(&played) }

  func react(to fragment: FragmentView, at t: Int, of range: Range<Int>, virtual: Bool) {
    let obs = fragment.obs(as: Float.self)
    for environment in range {
      fragment.actor("seen")?[t, environment] = obs[t, environment, 0]
      fragment.actor("played")?[t, environment] = Float(played)
      if !virtual { fragment.act(as: Int32.self)[t + 1, environment] = Int32(10 + played) }
    }
    if !virtual, range.upperBound == obs.environmentCount { played += 1 }
  }

  /// Records the first number of the final observation, and the number of resets so far.
  func reactToFinal(of fragment: FragmentView, at t: Int, of range: Range<Int>) {
    guard let column = fragment.layout.finalObs.value else { return }
    let obs: ColumnView<Float> = fragment.column(column)
    for environment in range where fragment.truncated[t, environment] {
      fragment.final("seen")?[t, environment] = obs[t, environment, 0]
      fragment.final("resets")?[t, environment] = Float(resets.count)
    }
    finalRows.append(t)
  }
}
