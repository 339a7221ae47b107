/// A batch that scales or clips the actions of another one, and checks its action masks.
///
/// Actions of a Box are scaled or clipped to its bounds before they are played, and an
/// `action_mask` that allows no action is a fault. The inner batch reads the actions to play from
/// the fragment. After the step, the fragment holds the drawn actions again.
final class GuardedBatch: ForwardingBatch, OverlappingBatch, RestartableBatch {
  private let playedActions: PlayedActions?
  private let maskCheck: ActionMaskCheck?
  private let checkedLayout = CheckedLayout()

  /// Returns a batch with the guards that its spaces require, or the batch itself if it needs none.
  static func around(
    _ batch: any EnvironmentBatch, actionBounds: ActionBounds
  ) -> any EnvironmentBatch {
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
    try checkMasks(fragment, row: row, of: 0..<count)
  }

  override func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    clip(fragment, from: t, of: 0..<count)
    try inner.step(fragment, from: t, sticky: sticky, position: position)
    try check(fragment, from: t, sticky: sticky, of: 0..<count, position)
  }

  func beginStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>
  ) throws {
    clip(fragment, from: t, of: range)
    try overlapping?.beginStep(fragment, from: t, sticky: sticky, of: range)
  }

  func finishStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>,
    position: PositionMarker
  ) throws {
    try overlapping?.finishStep(fragment, from: t, sticky: sticky, of: range, position: position)
    try check(fragment, from: t, sticky: sticky, of: range, position)
  }

  override func reset(_ index: Int, into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try super.reset(index, into: fragment, row: row)
    try checkMasks(fragment, row: row, of: index..<index + 1)
  }

  /// Replaces the drawn actions by those to play.
  private func clip(_ fragment: FragmentView, from t: Int, of range: Range<Int>) {
    checkedLayout.check(fragment.layout, of: self)
    checkStep(t, of: fragment.layout)
    guard let playedActions else { return }
    fragment.withStateRow(t + 1) { playedActions.play($0, of: range) }
  }

  /// Restores the drawn actions, and checks the masks for the next ones.
  private func check(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>,
    _ position: PositionMarker
  ) throws {
    if let playedActions {
      fragment.withStepRows(from: t, sticky: sticky) { rows in
        guard rows.freezes else { return playedActions.restore(rows.after, of: range) }
        // A frozen environment repeats the drawn action of the previous row.
        for index in range where !rows.isFrozen(index) {
          playedActions.restore(rows.after, of: index..<index + 1)
        }
      }
    }
    do {
      try checkMasks(fragment, row: t + 1, of: range)
    } catch let fault as EnvironmentFault {
      position.mark(environment: fault.environment, step: Int32(fault.step))
      throw fault
    }
  }

  private func checkMasks(_ fragment: FragmentView, row: Int, of range: Range<Int>) throws {
    guard let maskCheck else { return }
    try fragment.withStateRow(row) { try maskCheck.check($0, of: range) }
  }
}
