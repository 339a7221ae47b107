/// Pointers to the state of one row of a fragment, resolved once for all environments.
///
/// Valid only as long as the fragment and the array of its layout's columns.
@usableFromInline
struct StateRow {
  @usableFromInline let stepno: UnsafeMutablePointer<Int32>
  @usableFromInline let rew: UnsafeMutablePointer<Float>
  @usableFromInline let fin: UnsafeMutablePointer<Bool>
  @usableFromInline let base: UnsafeMutableRawPointer
  @usableFromInline let obsColumns: UnsafePointer<Column>
  @usableFromInline let actColumns: UnsafePointer<Column>
  @usableFromInline let row: Int

  init(_ fragment: FragmentView, columns: UnsafePointer<Column>, row: Int) {
    let layout = fragment.layout
    stepno = fragment.unsafeStart(of: layout.stepno, row: row)
    rew = fragment.unsafeStart(of: layout.rew, row: row)
    fin = fragment.unsafeStart(of: layout.fin, row: row)
    base = fragment.base
    obsColumns = columns + layout.obsPlaces.lowerBound
    actColumns = columns + layout.actPlaces.lowerBound
    self.row = row
  }

  /// Returns one environment's observation.
  @inlinable
  func obs(_ index: Int) -> LeafRow {
    LeafRow(base: base, columns: obsColumns, row: row, environment: index)
  }

  /// Returns the action that led one environment here.
  @inlinable
  func act(_ index: Int) -> LeafRow {
    LeafRow(base: base, columns: actColumns, row: row, environment: index)
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
  /// Storage for pictures of final states; `nil` as long as no picture has been requested.
  @usableFromInline var finalPictures: UnsafeMutablePointer<Picture?>?
  @usableFromInline let terminated: UnsafeMutablePointer<Bool>
  @usableFromInline let truncated: UnsafeMutablePointer<Bool>
  @usableFromInline let finalObsColumns: UnsafePointer<Column>
  @usableFromInline let freezes: Bool
  private let obsPlaces: Range<Int>
  private let actPlaces: Range<Int>

  init(_ fragment: FragmentView, columns: UnsafePointer<Column>, from t: Int, sticky: Bool) {
    let layout = fragment.layout
    count = layout.environmentCount
    before = StateRow(fragment, columns: columns, row: t)
    after = StateRow(fragment, columns: columns, row: t + 1)
    terminated = fragment.unsafeStart(of: layout.terminated, row: t)
    truncated = fragment.unsafeStart(of: layout.truncated, row: t)
    finalObsColumns = columns + layout.finalObsPlaces.lowerBound
    // In row 0, `fin` refers to the previous fragment and freezes nothing.
    freezes = sticky && t > 0
    obsPlaces = layout.obsPlaces
    actPlaces = layout.actPlaces
  }

  /// Returns the place for the final observation of one environment's episode.
  @inlinable
  func finalObs(_ index: Int) -> LeafRow {
    LeafRow(base: before.base, columns: finalObsColumns, row: before.row, environment: index)
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
      before.obs(index).dropping(leaf).unsafeCopy(to: after.obs(index).dropping(leaf))
    }
    for leaf in 0..<actPlaces.count {
      before.act(index).dropping(leaf).unsafeCopy(to: after.act(index).dropping(leaf))
    }
    after.stepno[index] = 0
    after.rew[index] = 0
    after.fin[index] = true
    terminated[index] = false
    truncated[index] = false
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
    for leaf in 0..<leafCount { act(index).dropping(leaf).unsafeZero() }
  }

  /// Copies the actions of some environments to a row of a fragment with as many environments.
  func copyActions(to target: StateRow, leafCount: Int, of range: Range<Int>) {
    for leaf in 0..<leafCount {
      actColumns[leaf].copy(
        range, from: base, row: row, to: target.actColumns[leaf], of: target.base, row: target.row)
    }
  }
}

extension LeafRow {
  /// All bytes of the first leaf's value.
  var unsafeBytes: UnsafeMutableRawBufferPointer {
    let column = columns.pointee
    return UnsafeMutableRawBufferPointer(
      start: base + column.offset(row: row, environment: environment),
      count: column.environmentStride)
  }

  /// Copies the first leaf's value to a leaf of the same size.
  func unsafeCopy(to target: LeafRow) {
    target.unsafeBytes.copyMemory(from: UnsafeRawBufferPointer(unsafeBytes))
  }

  /// Sets the first leaf's value to zeros.
  func unsafeZero() {
    unsafeBytes.initializeMemory(as: UInt8.self, repeating: 0)
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

  /// Returns the start of a row in a column with one element per environment.
  fileprivate func unsafeStart<Element: RecordableScalar>(
    of column: Column, row: Int
  ) -> UnsafeMutablePointer<Element> {
    (base + column.offset(row: row)).assumingMemoryBound(to: Element.self)
  }
}
