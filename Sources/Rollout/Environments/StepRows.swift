/// Where the state of one row of a fragment lies, resolved once for all environments.
///
/// Valid only while the fragment is, and the array of its layout's columns.
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

  /// One environment's observation.
  @inlinable
  func obs(_ index: Int) -> LeafRow {
    LeafRow(base: base, columns: obsColumns, row: row, environment: index)
  }

  /// The action that led one environment here.
  @inlinable
  func act(_ index: Int) -> LeafRow {
    LeafRow(base: base, columns: actColumns, row: row, environment: index)
  }
}

/// The two rows that a batch step lies between, and the row of what the step tells.
@usableFromInline
struct StepRows {
  /// B.
  @usableFromInline let count: Int
  /// Row t.
  @usableFromInline let before: StateRow
  /// Row t+1.
  @usableFromInline let after: StateRow
  /// Where the actions lie that environments are handed: row t+1, or its clipped copy.
  @usableFromInline var played: StateRow
  /// Where pictures of the states go that episodes end in; `nil` while nobody looks.
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
    played = after
    terminated = fragment.unsafeStart(of: layout.terminated, row: t)
    truncated = fragment.unsafeStart(of: layout.truncated, row: t)
    finalObsColumns = columns + layout.finalObsPlaces.lowerBound
    // What ended in an earlier fragment, row 0 says, goes on in this one.
    freezes = sticky && t > 0
    obsPlaces = layout.obsPlaces
    actPlaces = layout.actPlaces
  }

  /// Where one environment's last observation of an episode goes.
  @inlinable
  func finalObs(_ index: Int) -> LeafRow {
    LeafRow(base: before.base, columns: finalObsColumns, row: before.row, environment: index)
  }

  /// Whether one environment's episode ended earlier in a sticky fragment.
  @inlinable
  func isFrozen(_ index: Int) -> Bool { freezes && before.fin[index] }

  /// Parts of an observation.
  var obsLeafCount: Int { obsPlaces.count }

  /// Parts of an action.
  var actLeafCount: Int { actPlaces.count }

  /// Repeats the reset state that one environment stays at.
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
  /// Marks one environment as just begun: it follows from no action and no reward.
  func begin(_ index: Int, actionLeafCount: Int) {
    stepno[index] = 0
    rew[index] = 0
    fin[index] = true
    zeroAction(index, leafCount: actionLeafCount)
  }

  /// Makes one environment's action the first one of a Discrete space, or zeros.
  func zeroAction(_ index: Int, leafCount: Int) {
    for leaf in 0..<leafCount { act(index).dropping(leaf).unsafeZero() }
  }

  /// Copies the actions of some environments to a row of another fragment of as many.
  func copyActions(to target: StateRow, leafCount: Int, of range: Range<Int>) {
    for leaf in 0..<leafCount {
      actColumns[leaf].copy(
        range, from: base, row: row, to: target.actColumns[leaf], of: target.base, row: target.row)
    }
  }
}

extension LeafRow {
  /// The first leaf's value, whole.
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
  /// Works on one row, which is valid during the call.
  @inline(__always)
  func withStateRow(_ row: Int, _ body: (StateRow) throws -> Void) rethrows {
    try withColumns { columns in try body(StateRow(self, columns: columns, row: row)) }
  }

  /// Works on the two rows around a step, which are valid during the call.
  @inline(__always)
  func withStepRows(from t: Int, sticky: Bool, _ body: (StepRows) throws -> Void) rethrows {
    try withColumns { columns in
      try body(StepRows(self, columns: columns, from: t, sticky: sticky))
    }
  }

  /// A fragment always has columns: step numbers and flags at the least.
  @inline(__always)
  private func withColumns(_ body: (UnsafePointer<Column>) throws -> Void) rethrows {
    try layout.columns.withUnsafeBufferPointer { columns in
      try body(columns.baseAddress.unsafelyUnwrapped)
    }
  }

  /// Where one row of a column with one element per environment begins.
  fileprivate func unsafeStart<Element: RecordableScalar>(
    of column: Column, row: Int
  ) -> UnsafeMutablePointer<Element> {
    (base + column.offset(row: row)).assumingMemoryBound(to: Element.self)
  }
}
