/// A batch that keeps actions to their bounds and looks at action masks by itself, within its step.
protocol SelfGuardedBatch: EnvironmentBatch {
  /// The use of the bounds of actions.
  var actionBounds: ActionBounds { get set }
}

/// Does for a batch of one's own what the engine's do by themselves: actions of a Box are scaled or
/// clipped to its bounds before they are played, and an `action_mask` that allows nothing is a
/// fault.
///
/// The inner batch finds the actions to play in the fragment, which has them as they were drawn
/// again after the step.
class GuardedBatch: EnvironmentBatch {
  let inner: any EnvironmentBatch
  private let playedActions: PlayedActions?
  private let maskCheck: ActionMaskCheck?
  private var checkedLayout = CheckedLayout()

  var count: Int { inner.count }
  var spaces: EnvironmentSpaces { inner.spaces }

  /// The batch with what its spaces need around it; itself when that is nothing, or it does it already.
  static func around(
    _ batch: any EnvironmentBatch, actionBounds: ActionBounds
  ) -> any EnvironmentBatch {
    if batch is any SelfGuardedBatch { return batch }
    let playedActions = PlayedActions(
      batch.spaces, environmentCount: batch.count, bounds: actionBounds)
    let maskCheck = ActionMaskCheck(batch.spaces)
    if playedActions == nil, maskCheck == nil { return batch }
    return batch is any RestartableBatch
      ? RestartableGuardedBatch(batch, playedActions, maskCheck)
      : GuardedBatch(batch, playedActions, maskCheck)
  }

  fileprivate init(
    _ inner: any EnvironmentBatch, _ playedActions: PlayedActions?, _ maskCheck: ActionMaskCheck?
  ) {
    self.inner = inner
    self.playedActions = playedActions
    self.maskCheck = maskCheck
  }

  func reset(into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try inner.reset(into: fragment, row: row)
    try checkMasks(fragment, row: row)
  }

  func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkStep(t, of: fragment.layout)
    // Only choices have a mask, and only numbers have bounds.
    guard let playedActions else {
      try inner.step(fragment, from: t, sticky: sticky, position: position)
      return try checkMasks(fragment, row: t + 1)
    }
    try fragment.withStepRows(from: t, sticky: sticky) { rows in
      playedActions.playInPlace(rows.after)
      try inner.step(fragment, from: t, sticky: sticky, position: position)
      // A frozen environment's action is the one of the row before, as it was drawn.
      for index in 0..<count where !rows.isFrozen(index) {
        playedActions.restore(index, in: rows.after)
      }
    }
  }

  func lives(of index: Int) -> Int? { inner.lives(of: index) }
  func picture(of index: Int) throws -> Picture? { try inner.picture(of: index) }
  func finalPicture(of index: Int) throws -> Picture? { try inner.finalPicture(of: index) }
  var restartsSingly: Bool { inner.restartsSingly }
  var canSnapshot: Bool { inner.canSnapshot }
  func transfer(_ snapshot: inout SnapshotCursor) { inner.transfer(&snapshot) }

  func restart(_ index: Int, into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try inner.restart(index, into: fragment, row: row)
    try checkMasks(fragment, row: row)
  }

  private func checkMasks(_ fragment: FragmentView, row: Int) throws {
    guard let maskCheck else { return }
    try fragment.withStateRow(row) { try maskCheck.check($0, of: 0..<count) }
  }
}

/// The same around a batch that can begin anew.
private final class RestartableGuardedBatch: GuardedBatch, RestartableBatch {
  func restart(streams: [PCG64]) {
    (inner as? any RestartableBatch)?.restart(streams: streams)
  }
}
