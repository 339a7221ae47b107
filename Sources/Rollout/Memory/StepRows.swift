/// The state of one row of a fragment, resolved once for all environments.
///
/// Valid only as long as the fragment and the array of its layout's columns.
@usableFromInline
struct StateRow {
  @usableFromInline let stepno: RowValues<Int32>
  @usableFromInline let rew: RowValues<Float>
  @usableFromInline let fin: RowValues<Bool>
  @usableFromInline let base: UnsafeMutableRawPointer
  @usableFromInline let obsColumns: UnsafePointer<Column>
  @usableFromInline let actColumns: UnsafePointer<Column>
  @usableFromInline let obsLeafCount: Int
  @usableFromInline let actLeafCount: Int
  @usableFromInline let row: Int

  @inline(__always)
  init(_ fragment: FragmentView, columns: UnsafePointer<Column>, row: Int) {
    let layout = fragment.layout
    stepno = fragment.values(of: layout.stepno, row: row)
    rew = fragment.values(of: layout.rew, row: row)
    fin = fragment.values(of: layout.fin, row: row)
    base = fragment.base
    obsColumns = columns + layout.obsPlaces.lowerBound
    actColumns = columns + layout.actPlaces.lowerBound
    obsLeafCount = layout.obsPlaces.count
    actLeafCount = layout.actPlaces.count
    self.row = row
  }

  /// Creates the state of a row of storage, valid as long as the storage.
  init(_ storage: FragmentStorage, row: Int) {
    // The columns are the layout's own array, which lives as long as the storage.
    self = storage.layout.columns.withUnsafeBufferPointer { columns in
      StateRow(storage.view, columns: columns.baseAddress.unsafelyUnwrapped, row: row)
    }
  }

  @inlinable
  func check(_ index: Int) {
    precondition(index >= 0 && index < fin.count, "no environment \(index)")
  }

  /// Returns one environment's observation.
  @inlinable
  func obs(_ index: Int) -> LeafRow {
    check(index)
    return LeafRow(
      base: base, columns: obsColumns, leafCount: obsLeafCount, row: row, environment: index)
  }

  /// The observations of all environments.
  var observations: ObservationRow {
    ObservationRow(base: base, columns: obsColumns, leafCount: obsLeafCount, row: row)
  }

  /// Returns the action that led one environment here.
  @inlinable
  func act(_ index: Int) -> LeafRow {
    check(index)
    return LeafRow(
      base: base, columns: actColumns, leafCount: actLeafCount, row: row, environment: index)
  }
}

/// The observations of all environments in one row, or their final observations.
///
/// Valid as the row that it is part of.
struct ObservationRow {
  fileprivate let base: UnsafeMutableRawPointer
  fileprivate let columns: UnsafePointer<Column>
  let leafCount: Int
  fileprivate let row: Int

  /// The number of elements per environment in the first leaf.
  var elementCount: Int { column.elementCount }

  private var column: Column {
    precondition(leafCount > 0, "a value with fewer leaves")
    return columns.pointee
  }

  /// Returns one environment's observation.
  subscript(index: Int) -> LeafRow {
    precondition(index >= 0 && index < column.environmentCount, "no environment \(index)")
    return LeafRow(
      base: base, columns: columns, leafCount: leafCount, row: row, environment: index)
  }

  /// Returns the leaves after the first `count`.
  func dropping(_ count: Int) -> ObservationRow {
    precondition(count >= 0 && count <= leafCount, "\(count) leaves of \(leafCount)")
    return ObservationRow(
      base: base, columns: columns + count, leafCount: leafCount &- count, row: row)
  }

  /// Copies the first leaf of some environments to a leaf of the same size.
  func copy(_ range: Range<Int>, to target: ObservationRow) {
    let (own, other) = (column, target.column)
    precondition(
      range.lowerBound >= 0 && range.upperBound <= own.environmentCount
        && own.environmentCount == other.environmentCount
        && own.environmentStride == other.environmentStride,
      "a leaf of \(own.environmentStride) bytes for one of \(other.environmentStride)")
    own.copy(range, from: base, row: row, to: other, of: target.base, row: target.row)
  }

  /// Returns the elements of the first leaf of some environments.
  ///
  /// - Precondition: the environments exist, and the leaf's elements have this size.
  @inline(__always)
  func elements<Element: RecordableScalar>(
    of range: Range<Int>, as type: Element.Type
  ) -> RowValues<Element> {
    column.elements(base, row, of: range, as: Element.self)
  }
}

/// The two rows around a batch step, and the row of the step's results.
@usableFromInline
struct StepRows {
  /// B, the number of environments.
  @usableFromInline let count: Int
  /// Row t.
  @usableFromInline let before: StateRow
  /// Row t+1.
  @usableFromInline let after: StateRow
  @usableFromInline let terminated: RowValues<Bool>
  @usableFromInline let truncated: RowValues<Bool>
  @usableFromInline let finalObsColumns: UnsafePointer<Column>
  @usableFromInline let infoColumns: UnsafePointer<Column>
  /// The number of leaves of information.
  @usableFromInline let infoLeafCount: Int
  @usableFromInline let freezes: Bool
  private let obsPlaces: Range<Int>
  private let actPlaces: Range<Int>

  @inline(__always)
  init(_ fragment: FragmentView, columns: UnsafePointer<Column>, from t: Int, sticky: Bool) {
    let layout = fragment.layout
    count = layout.environmentCount
    before = StateRow(fragment, columns: columns, row: t)
    after = StateRow(fragment, columns: columns, row: t + 1)
    terminated = fragment.values(of: layout.terminated, row: t)
    truncated = fragment.values(of: layout.truncated, row: t)
    finalObsColumns = columns + layout.finalObsPlaces.lowerBound
    infoColumns = columns + layout.infoPlaces.lowerBound
    infoLeafCount = layout.infoPlaces.count
    // In row 0, `fin` refers to the previous fragment and freezes nothing.
    freezes = sticky && t > 0
    obsPlaces = layout.obsPlaces
    actPlaces = layout.actPlaces
  }

  /// Creates the rows around a step in storage, valid as long as the storage.
  init(_ storage: FragmentStorage, from t: Int, sticky: Bool) {
    // The columns are the layout's own array, which lives as long as the storage.
    self = storage.layout.columns.withUnsafeBufferPointer { columns in
      StepRows(
        storage.view, columns: columns.baseAddress.unsafelyUnwrapped, from: t, sticky: sticky)
    }
  }

  /// Returns the place for the final observation of one environment's episode.
  @inlinable
  func finalObs(_ index: Int) -> LeafRow {
    before.check(index)
    return LeafRow(
      base: before.base, columns: finalObsColumns, leafCount: before.obsLeafCount,
      row: before.row, environment: index)
  }

  /// Returns the place for what the step of one environment tells besides.
  @inlinable
  func info(_ index: Int) -> LeafRow {
    LeafRow(
      base: before.base, columns: infoColumns, leafCount: infoLeafCount, row: before.row,
      environment: index)
  }

  /// The final observations of episodes that ended in the step.
  var finalObservations: ObservationRow {
    ObservationRow(
      base: before.base, columns: finalObsColumns, leafCount: before.obsLeafCount, row: before.row)
  }

  /// Copies the state but `fin` of some environments from the row after the step to that before.
  func carryState(of range: Range<Int>) {
    before.stepno.copy(after.stepno, of: range)
    before.rew.copy(after.rew, of: range)
    for leaf in 0..<obsPlaces.count {
      after.observations.dropping(leaf).copy(range, to: before.observations.dropping(leaf))
    }
    after.copyActions(to: before, leafCount: actPlaces.count, of: range)
  }

  /// Returns true if one environment's episode ended earlier in this sticky fragment.
  @inlinable
  func isFrozen(_ index: Int) -> Bool { freezes && before.fin[index] }

  /// The number of leaves of an observation.
  var obsLeafCount: Int { obsPlaces.count }

  /// The number of leaves of an action.
  var actLeafCount: Int { actPlaces.count }

  /// Repeats the reset state of a frozen environment.
  @usableFromInline
  func repeatState(_ index: Int) {
    for leaf in 0..<obsPlaces.count {
      before.obs(index).dropping(leaf).copy(to: after.obs(index).dropping(leaf))
    }
    for leaf in 0..<actPlaces.count {
      before.act(index).dropping(leaf).copy(to: after.act(index).dropping(leaf))
    }
    begin(index)
  }
}

extension StepRows {
  /// Marks one environment as only reset by the step, which counts as not played.
  ///
  /// The first observation of its episode is written before or after.
  @usableFromInline
  func begin(_ index: Int) {
    after.stepno[index] = 0
    after.rew[index] = 0
    after.fin[index] = true
    terminated[index] = false
    truncated[index] = false
  }

  /// Returns true if the step was not played: one environment waits, or was only reset.
  func isIdle(_ index: Int) -> Bool {
    after.fin[index] && !terminated[index] && !truncated[index]
  }
}

extension StepRows {
  /// Stores the results of a step of all environments in rows of the same length.
  func storeResults(
    _ rewards: RowValues<Double>, _ terminated: RowValues<Bool>, _ truncated: RowValues<Bool>,
    _ fin: RowValues<Bool>
  ) {
    terminated.copy(self.terminated)
    truncated.copy(self.truncated)
    fin.copy(after.fin)
    precondition(rewards.count == count, "\(rewards.count) rewards for \(count) environments")
    for index in 0..<count { rewards.base[index] = Double(after.rew.base[index]) }
  }

  /// Writes the results of a step of all environments, and the numbers of their steps.
  func record(
    _ rewards: RowValues<Double>, _ terminated: RowValues<Bool>, _ truncated: RowValues<Bool>,
    _ fin: RowValues<Bool>
  ) {
    self.terminated.copy(terminated)
    self.truncated.copy(truncated)
    after.fin.copy(fin)
    precondition(rewards.count == count, "\(rewards.count) rewards for \(count) environments")
    let (rew, stepno, elapsed) = (after.rew.base, after.stepno.base, before.stepno.base)
    for index in 0..<count {
      rew[index] = Float(rewards.base[index])
      stepno[index] = fin.base[index] ? 0 : elapsed[index] &+ 1
    }
  }
}

extension StateRow {
  /// Marks one environment as reset, without a preceding action or reward.
  func begin(_ index: Int, actionLeafCount: Int) {
    stepno[index] = 0
    rew[index] = 0
    fin[index] = true
    zeroAction(index, leafCount: actionLeafCount)
  }

  /// Sets one environment's action to the first one of a Discrete space, or to zeros.
  func zeroAction(_ index: Int, leafCount: Int) {
    for leaf in 0..<leafCount { act(index).dropping(leaf).clear() }
  }

  /// Copies the actions of some environments to a row of a fragment with as many environments.
  func copyActions(to target: StateRow, leafCount: Int, of range: Range<Int>) {
    for leaf in 0..<leafCount {
      actColumns[leaf].copy(
        range, from: base, row: row, to: target.actColumns[leaf], of: target.base, row: target.row)
    }
  }

  /// Returns the elements of one leaf of some environments' actions.
  ///
  /// - Precondition: leaf and environments exist, and the leaf's elements have this size.
  @inline(__always)
  func actions<Element: RecordableScalar>(
    _ leaf: Int, of range: Range<Int>, as type: Element.Type
  ) -> RowValues<Element> {
    precondition(leaf >= 0 && leaf < actLeafCount, "no leaf \(leaf) of an action")
    return actColumns[leaf].elements(base, row, of: range, as: Element.self)
  }
}

extension FragmentView {
  /// Calls the body with one row, which is valid during the call.
  @inline(__always)
  func withStateRow(_ row: Int, _ body: (StateRow) throws -> Void) rethrows {
    try withColumns { columns in try body(StateRow(self, columns: columns, row: row)) }
  }

  /// Calls the body with the two rows around a step, which are valid during the call.
  @inline(__always)
  func withStepRows(from t: Int, sticky: Bool, _ body: (StepRows) throws -> Void) rethrows {
    try withColumns { columns in
      try body(StepRows(self, columns: columns, from: t, sticky: sticky))
    }
  }

  /// Calls the body with the columns; a fragment always has at least step numbers and flags.
  @inline(__always)
  private func withColumns(_ body: (UnsafePointer<Column>) throws -> Void) rethrows {
    try layout.columns.withUnsafeBufferPointer { columns in
      try body(columns.baseAddress.unsafelyUnwrapped)
    }
  }

  /// Returns the values of a row in a column with one element per environment.
  @inline(__always)
  fileprivate func values<Element: RecordableScalar>(
    of column: Column, row: Int
  ) -> RowValues<Element> {
    RowValues(
      (base + column.offset(row: row)).assumingMemoryBound(to: Element.self),
      count: column.environmentCount)
  }
}

extension Column {
  /// Returns the elements of some environments in one row.
  ///
  /// - Precondition: the environments exist, and the elements have this size.
  @inline(__always)
  fileprivate func elements<Element: RecordableScalar>(
    _ base: UnsafeMutableRawPointer, _ row: Int, of range: Range<Int>, as type: Element.Type
  ) -> RowValues<Element> {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= environmentCount
        && environmentStride == elementCount &* MemoryLayout<Element>.stride,
      "elements of \(range) read as \(Element.self)")
    return RowValues(
      (base + offset(row: row, environment: range.lowerBound))
        .assumingMemoryBound(to: Element.self),
      count: range.count &* elementCount)
  }
}
