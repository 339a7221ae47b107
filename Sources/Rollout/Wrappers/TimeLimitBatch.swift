/// A batch that truncates the episodes of another one after a number of steps.
///
/// It limits every registered environment, and it is the wrapper `time-limit`. The step that
/// reaches the limit is truncated. It is terminated too if the task ended the episode on that step,
/// as in Gymnasium. The steps are those that the rows of a fragment count.
package final class TimeLimitBatch: ForwardingBatch, OverlappingBatch, RestartableBatch {
  private let limit: Int32
  /// The number of steps of the whole batch in which no episode can reach the limit.
  private var spareStepCount: Int32 = 0
  /// The pictures of states in which an episode was truncated here.
  private let finalPictures: FinalPictures

  /// Limits a batch.
  ///
  /// - Throws: `SpaceMismatch` if single environments cannot be reset.
  /// - Precondition: the limit is positive.
  package init(_ inner: any EnvironmentBatch, steps: Int) throws(SpaceMismatch) {
    precondition(steps > 0, "a limit of \(steps) steps: use at least 1")
    guard inner.capability((any SingleResetBatch).self) != nil else {
      throw SpaceMismatch(
        description: """
          the environments cannot begin an episode on request: make the time limit the innermost \
          wrapper
          """)
    }
    limit = Int32(clamping: steps)
    finalPictures = FinalPictures(count: inner.count)
    super.init(inner, spaces: inner.spaces)
  }

  /// Plays the actions in row t+1, and writes the rest of that row.
  package override func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    try inner.step(fragment, from: t, sticky: sticky, position: position)
    if spareStepCount > 0, !finalPictures.areKept {
      spareStepCount &-= 1
      return
    }
    let longest = try truncate(fragment, from: t, sticky: sticky, of: 0..<count, position)
    spareStepCount = max(0, limit - 2 - longest)
  }

  /// Begins a step of some environments with their actions in row t+1.
  package func beginStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>
  ) throws {
    try overlapping?.beginStep(fragment, from: t, sticky: sticky, of: range)
  }

  /// Finishes a step of some environments and writes their rows.
  package func finishStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>,
    position: PositionMarker
  ) throws {
    try overlapping?.finishStep(fragment, from: t, sticky: sticky, of: range, position: position)
    spareStepCount = 0
    _ = try truncate(fragment, from: t, sticky: sticky, of: range, position)
  }

  /// Truncates the episodes that have reached the limit.
  ///
  /// - Returns: the largest number of steps that an episode had before this one.
  private func truncate(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>,
    _ position: PositionMarker
  ) throws -> Int32 {
    var longest: Int32 = 0
    try fragment.withStepRows(from: t, sticky: sticky) { rows in
      if finalPictures.areKept {
        for index in range where rows.after.fin[index] && !rows.isFrozen(index) {
          finalPictures[index] = nil
        }
      }
      for index in range { longest = max(longest, rows.before.stepno[index]) }
      guard longest >= limit - 1 else { return }
      for index in range where rows.before.stepno[index] >= limit - 1 && !rows.isFrozen(index) {
        rows.truncated[index] = true
        if !rows.after.fin[index] { try end(index, rows, fragment, position) }
      }
    }
    return longest
  }

  /// Ends an episode that the inner batch would continue, and begins the next one.
  private func end(
    _ index: Int, _ rows: StepRows, _ fragment: FragmentView, _ position: PositionMarker
  ) throws {
    rows.after.fin[index] = true
    for leaf in 0..<rows.obsLeafCount {
      rows.after.obs(index).dropping(leaf).copy(to: rows.finalObs(index).dropping(leaf))
    }
    if finalPictures.areKept { finalPictures[index] = try super.picture(of: index) }
    position.mark(.resetting, environment: index)
    do {
      try reset(index, into: fragment, row: rows.after.row)
    } catch var fault as EnvironmentFault {
      fault.step = Int(limit)
      throw fault
    }
  }

  /// Measures, saves or restores the inner batch.
  package override func transfer(_ snapshot: inout SnapshotCursor) {
    spareStepCount = 0
    super.transfer(&snapshot)
  }

  /// Draws the inner environment.
  package override func picture(of index: Int) throws -> Picture? {
    let picture = try super.picture(of: index)
    if picture != nil { finalPictures.keep() }
    return picture
  }

  /// Returns a picture of the final state of one environment's last episode.
  package override func finalPicture(of index: Int) throws -> Picture? {
    try finalPictures[index] ?? super.finalPicture(of: index)
  }
}
