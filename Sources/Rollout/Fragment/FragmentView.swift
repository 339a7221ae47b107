/// A fragment that lies in somebody else's memory, with typed access to its fields.
///
///     let reward = fragment.rew[t + 1, b]
///     let position = fragment.obs(as: Float.self)[t, b, 0]
///
/// A view keeps its memory alive. What it shows is the fragment's as long as the ownership word says that the caller may look;
/// of a batch, until the next turn.
public struct FragmentView {
  /// Where the fields lie.
  public let layout: FragmentLayout
  package let base: UnsafeMutableRawPointer
  /// Keeps the memory.
  package let owner: AnyObject

  /// Looks at memory that an object owns.
  package init(layout: FragmentLayout, base: UnsafeMutableRawPointer, owner: AnyObject) {
    self.layout = layout
    self.base = base
    self.owner = owner
  }

  /// Who recorded the fragment, when, and with which weights.
  public var header: FragmentHeader {
    get { base.load(as: FragmentHeader.self) }
    nonmutating set { base.storeBytes(of: newValue, as: FragmentHeader.self) }
  }

  /// Steps since the episode began [1+T, B].
  public var stepno: ColumnView<Int32> { column(layout.stepno) }
  /// Rewards received on arriving [1+T, B].
  public var rew: ColumnView<Float> { column(layout.rew) }
  /// Whether an episode ended on arriving [1+T, B].
  public var fin: ColumnView<Bool> { column(layout.fin) }
  /// Whether the task ended the episode on the step [T, B].
  public var terminated: ColumnView<Bool> { column(layout.terminated) }
  /// Whether a limit cut the episode on the step [T, B].
  public var truncated: ColumnView<Bool> { column(layout.truncated) }

  /// Observations that are a single array [1+T, B, …].
  public func obs<Element: RecordableScalar>(as type: Element.Type) -> ColumnView<Element> {
    single(layout.obs, "obs")
  }

  /// Actions that are a single array [1+T, B, …].
  public func act<Element: RecordableScalar>(as type: Element.Type) -> ColumnView<Element> {
    single(layout.act, "act")
  }

  /// A part of the actor's reactions by name, such as `logits` [1+T, B, …]; `nil` when it has none.
  public func actor(_ name: String) -> ColumnView<Float>? {
    layout.actor[name]?.value.map { column($0) }
  }

  /// A part of the actor's reactions to observations at which a limit cut an episode, by name, such as `value` [T, B, …].
  ///
  /// Only written where `truncated` is set; `nil` when there is none.
  public func final(_ name: String) -> ColumnView<Float>? {
    layout.finalReaction[name]?.value.map { column($0) }
  }

  /// Whether a limit cut the episode of any environment of a range on the step from a row.
  package func hasTruncation(at t: Int, of range: Range<Int>) -> Bool {
    let flags = UnsafeRawBufferPointer(
      start: base + layout.truncated.offset(row: t, environment: range.lowerBound),
      count: range.count)
    return flags.contains { $0 != 0 }
  }

  /// The field of any column of the layout.
  ///
  /// - Precondition: the element has the column's width.
  public func column<Element: RecordableScalar>(_ column: Column) -> ColumnView<Element> {
    precondition(
      column.environmentStride == column.elementCount * MemoryLayout<Element>.stride,
      "a column of \(column.environmentStride) bytes per environment read as \(Element.self)")
    return ColumnView(column: column, base: base, owner: owner)
  }

  private func single<Element: RecordableScalar>(
    _ columns: Nested<Column>, _ name: String
  ) -> ColumnView<Element> {
    guard let column = columns.value else {
      preconditionFailure("\(name) is a container: read its parts with column(_:)")
    }
    return self.column(column)
  }

  /// Copies the values of the state at one row to a row of another fragment of as many environments.
  ///
  /// - Parameter range: whose; all environments' when it is nil.
  package func copyState(
    row: Int, to target: FragmentView, row targetRow: Int, of range: Range<Int>? = nil
  ) {
    let range = range ?? 0..<layout.environmentCount
    for (from, into) in zip(layout.stateColumns, target.layout.stateColumns) {
      from.copy(range, from: base, row: row, to: into, of: target.base, row: targetRow)
    }
  }
}

/// One field of a fragment: [rows, environments, elements].
public struct ColumnView<Element: RecordableScalar> {
  let column: Column
  let base: UnsafeMutableRawPointer
  let owner: AnyObject

  /// Rows in time.
  public var rowCount: Int { column.rowCount }
  /// Environments side by side.
  public var environmentCount: Int { column.environmentCount }
  /// Elements that one environment has in a row.
  public var elementCount: Int { column.elementCount }

  /// An element of one environment in one row.
  ///
  /// - Precondition: all three are within the column.
  public subscript(row: Int, environment: Int, element: Int = 0) -> Element {
    get { address(row, environment, element).loadUnaligned(as: Element.self) }
    nonmutating set {
      address(row, environment, element).storeBytes(of: newValue, as: Element.self)
    }
  }

  /// All elements in order, for tests and reports.
  public var elements: [Element] {
    Array(
      UnsafeRawBufferPointer(start: base + column.offset, count: column.byteCount)
        .bindMemory(to: Element.self))
  }

  private func address(_ row: Int, _ environment: Int, _ element: Int) -> UnsafeMutableRawPointer {
    precondition(
      row >= 0 && row < rowCount && environment >= 0 && environment < environmentCount
        && element >= 0 && element < elementCount,
      """
      [\(row), \(environment), \(element)] is outside \
      [\(rowCount), \(environmentCount), \(elementCount)]
      """)
    return base + column.offset(row: row, environment: environment)
      + element * MemoryLayout<Element>.stride
  }
}
