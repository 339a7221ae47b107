/// A batch that changes the rewards of another one, the base class of wrappers of rewards.
///
/// The inner batch writes the caller's fragment, and the rewards are changed in its rows.
package class RewardBatch: ForwardingBatch, OverlappingBatch, RestartableBatch {
  private let checkedLayout = CheckedLayout()

  init(_ inner: any EnvironmentBatch) { super.init(inner, spaces: inner.spaces) }

  /// Changes the rewards of a step of some environments, except those of idle ones.
  func judge(_ rows: StepRows, of range: Range<Int>) {}

  /// Reads the first observation of an episode in one environment.
  func begin(_ index: Int, _ state: StateRow) {}

  /// Begins an episode in every environment and writes the state of one row.
  package final override func reset(into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try inner.reset(into: fragment, row: row)
    fragment.withStateRow(row) { state in
      for index in 0..<count { begin(index, state) }
    }
  }

  /// Begins an episode in one environment and writes its first observation to a row.
  package final override func reset(_ index: Int, into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try super.reset(index, into: fragment, row: row)
    fragment.withStateRow(row) { begin(index, $0) }
  }

  /// Plays the actions in row t+1, and writes the rest of that row.
  package final override func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkStep(t, of: fragment.layout)
    try inner.step(fragment, from: t, sticky: sticky, position: position)
    fragment.withStepRows(from: t, sticky: sticky) { judge($0, of: 0..<count) }
  }

  /// Begins a step of some environments with their actions in row t+1.
  package final func beginStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>
  ) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkStep(t, of: fragment.layout)
    try overlapping?.beginStep(fragment, from: t, sticky: sticky, of: range)
  }

  /// Finishes a step of some environments and writes their rows.
  package final func finishStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>,
    position: PositionMarker
  ) throws {
    try overlapping?.finishStep(fragment, from: t, sticky: sticky, of: range, position: position)
    fragment.withStepRows(from: t, sticky: sticky) { judge($0, of: range) }
  }
}
