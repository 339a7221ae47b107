/// A batch that scales or clips actions and checks action masks itself, within its step.
protocol SelfGuardedBatch: EnvironmentBatch {
  /// The use of the bounds of actions.
  var actionBounds: ActionBounds { get set }
}

/// A batch around a custom one that scales or clips its actions and checks its action masks.
///
/// The engine's own batches do both themselves. Actions of a Box are scaled or clipped to its
/// bounds before they are played, and an `action_mask` that allows no action is a fault. The inner
/// batch reads the actions to play from the fragment. After the step, the fragment holds the drawn
/// actions again.
final class GuardedBatch: ForwardingBatch, RestartableBatch {
  private let playedActions: PlayedActions?
  private let maskCheck: ActionMaskCheck?
  private var checkedLayout = CheckedLayout()

  /// Returns a batch with the guards that its spaces require, or the batch itself if it needs none.
  static func around(
    _ batch: any EnvironmentBatch, actionBounds: ActionBounds
  ) -> any EnvironmentBatch {
    if batch is any SelfGuardedBatch { return batch }
    let playedActions = PlayedActions(
      batch.spaces, environmentCount: batch.count, bounds: actionBounds)
    let maskCheck = ActionMaskCheck(batch.spaces)
    if playedActions == nil, maskCheck == nil { return batch }
    return GuardedBatch(batch, playedActions, maskCheck)
  }

  private init(
    _ inner: any EnvironmentBatch, _ playedActions: PlayedActions?, _ maskCheck: ActionMaskCheck?
  ) {
    self.playedActions = playedActions
    self.maskCheck = maskCheck
    super.init(inner, spaces: inner.spaces)
  }

  override func reset(into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try inner.reset(into: fragment, row: row)
    try checkMasks(fragment, row: row)
  }

  override func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkStep(t, of: fragment.layout)
    // A mask exists only for discrete actions, and bounds exist only for a Box.
    guard let playedActions else {
      try inner.step(fragment, from: t, sticky: sticky, position: position)
      return try checkMasks(fragment, row: t + 1)
    }
    try fragment.withStepRows(from: t, sticky: sticky) { rows in
      playedActions.playInPlace(rows.after)
      try inner.step(fragment, from: t, sticky: sticky, position: position)
      // A frozen environment repeats the drawn action of the previous row.
      for index in 0..<count where !rows.isFrozen(index) {
        playedActions.restore(index, in: rows.after)
      }
    }
  }

  func restart(streams: [PCG64]) {
    inner.capability((any RestartableBatch).self)?.restart(streams: streams)
  }

  override func reset(_ index: Int, into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try super.reset(index, into: fragment, row: row)
    try checkMasks(fragment, row: row)
  }

  private func checkMasks(_ fragment: FragmentView, row: Int) throws {
    guard let maskCheck else { return }
    try fragment.withStateRow(row) { try maskCheck.check($0, of: 0..<count) }
  }
}
