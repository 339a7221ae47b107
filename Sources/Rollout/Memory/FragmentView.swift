/// Typed access to the fields of a fragment in memory that another object owns.
///
/// ```swift
/// let fragment = batch.view
/// let reward = fragment.rew[t + 1, b]
/// let position = fragment.obs(as: Float.self)[t, b, 0]
/// ```
///
/// A view keeps its memory alive. A fragment of the pool may be accessed only while its ownership
/// word grants the caller access. A batch is valid until the next update.
public struct FragmentView {
  /// The layout of the fragment.
  public let layout: FragmentLayout
  @usableFromInline package let base: UnsafeMutableRawPointer
  /// The object that keeps the memory alive.
  package let owner: AnyObject

  /// Creates a view of memory that an object owns.
  package init(layout: FragmentLayout, base: UnsafeMutableRawPointer, owner: AnyObject) {
    self.layout = layout
    self.base = base
    self.owner = owner
  }

  /// Creates a view of a fragment in the pool of a run's memory.
  package init(layout: FragmentLayout, buffer: Int, of memory: RunMemory) {
    self.init(layout: layout, base: memory.pool.base(of: buffer), owner: memory)
  }

  /// The origin of the fragment: worker, number, weights and time.
  ///
  /// - Precondition: the layout is not packed.
  public var header: FragmentHeader {
    get {
      precondition(!layout.isPacked, "the header of a packed fragment")
      return base.load(as: FragmentHeader.self)
    }
    nonmutating set {
      precondition(!layout.isPacked, "the header of a packed fragment")
      base.storeBytes(of: newValue, as: FragmentHeader.self)
    }
  }

  /// Steps since the episode began [1+T, B].
  public var stepno: ColumnView<Int32> { column(layout.stepno) }
  /// Rewards received on arrival [1+T, B].
  public var rew: ColumnView<Float> { column(layout.rew) }
  /// Set if an episode ended on arrival [1+T, B].
  public var fin: ColumnView<Bool> { column(layout.fin) }
  /// Set if the task terminated the episode on the step [T, B].
  public var terminated: ColumnView<Bool> { column(layout.terminated) }
  /// Set if a limit truncated the episode on the step [T, B].
  public var truncated: ColumnView<Bool> { column(layout.truncated) }

  /// Returns the observations if they are a single array [1+T, B, …].
  public func obs<Element: RecordableScalar>(as type: Element.Type) -> ColumnView<Element> {
    single(layout.obs, "obs")
  }

  /// Returns the actions if they are a single array [1+T, B, …].
  public func act<Element: RecordableScalar>(as type: Element.Type) -> ColumnView<Element> {
    single(layout.act, "act")
  }

  /// Returns an output of the actor by path, such as `logits` [1+T, B, …]; `nil` if there is none.
  ///
  /// A part of a nested output is `heads.policy` or, by position, `heads.0`.
  public func actor(_ path: String) -> ColumnView<Float>? {
    layout.actor.value(at: path).map { column($0) }
  }

  /// Returns an output for the final observations of truncated episodes, such as `value` [T, B, …].
  ///
  /// It is written only where `truncated` is set. The result is `nil` if there is no such output.
  public func final(_ path: String) -> ColumnView<Float>? {
    layout.finalReaction.value(at: path).map { column($0) }
  }

  /// Returns the environment's information about the steps by path [T, B, …]; `nil` if there is
  /// none.
  ///
  /// It is not written where a sticky environment waits. Numbers of Gymnasium's environments are
  /// Floats, and NaN where the environment did not give them.
  ///
  /// - Precondition: the information has the element type's size.
  public func info<Element: RecordableScalar>(
    _ path: String, as type: Element.Type = Float.self
  ) -> ColumnView<Element>? {
    layout.info.value(at: path).map { column($0) }
  }

  /// Returns the elements of a column from a row to its end, row by row.
  ///
  /// - Precondition: the column is one of the layout and has the element type's size.
  @inlinable
  @_lifetime(borrow self)
  package func values<Element: RecordableScalar>(
    _ column: Column, from row: Int = 0, as type: Element.Type = Element.self
  ) -> Span<Element> {
    let bytes = bytes(column, from: row)
    column.check(Element.self)
    return _overrideLifetime(
      Span(_unsafeElements: bytes.assumingMemoryBound(to: Element.self)), borrowing: self)
  }

  /// Returns the elements of a column from a row to its end, to change them.
  ///
  /// - Precondition: the column is one of the layout and has the element type's size.
  @inlinable
  @_lifetime(borrow self)
  package func mutableValues<Element: RecordableScalar>(
    _ column: Column, from row: Int = 0, as type: Element.Type = Element.self
  ) -> MutableSpan<Element> {
    let bytes = UnsafeMutableRawBufferPointer(mutating: bytes(column, from: row))
    column.check(Element.self)
    return _overrideLifetime(
      MutableSpan(_unsafeElements: bytes.assumingMemoryBound(to: Element.self)), borrowing: self)
  }

  /// Returns the bytes of a column from a row to its end.
  @usableFromInline
  func bytes(_ column: Column, from row: Int) -> UnsafeRawBufferPointer {
    precondition(
      row >= 0 && row <= column.rowCount && column.offset + column.byteCount <= layout.byteCount,
      "row \(row) of a column with \(column.rowCount)")
    return UnsafeRawBufferPointer(
      start: base + column.offset(row: row), count: column.byteCount - row * column.rowStride)
  }

  /// The whole fragment as it is in memory.
  package var bytes: [UInt8] {
    [UInt8](UnsafeRawBufferPointer(start: base, count: layout.byteCount))
  }

  /// Replaces the whole fragment.
  ///
  /// - Precondition: there are as many bytes as the fragment has.
  package func assign(_ bytes: some Collection<UInt8>) {
    precondition(bytes.count == layout.byteCount, "\(bytes.count) bytes for a fragment")
    UnsafeMutableRawBufferPointer(start: base, count: layout.byteCount).copyBytes(from: bytes)
  }

  /// Copies a whole fragment of the same layout.
  package func copy(_ source: FragmentView) {
    precondition(source.layout.byteCount == layout.byteCount, "a fragment of another layout")
    base.copyMemory(from: source.base, byteCount: layout.byteCount)
  }

  /// Copies all environments of a fragment with the same steps and fields to those from one on.
  ///
  /// - Precondition: as many environments follow as the other fragment has.
  package func copy(_ source: FragmentView, to first: Int) {
    precondition(
      source.layout.columns.count == layout.columns.count && first >= 0
        && first + source.layout.environmentCount <= layout.environmentCount,
      "\(source.layout.environmentCount) environments from \(first)")
    for (from, into) in zip(source.layout.columns, layout.columns) {
      precondition(
        from.rowCount == into.rowCount && from.environmentStride == into.environmentStride,
        "a fragment with other fields")
      var read = source.base + from.offset
      var write = base + into.offset(row: 0, environment: first)
      for _ in 0..<from.rowCount {
        write.copyMemory(from: read, byteCount: from.rowStride)
        read += from.rowStride
        write += into.rowStride
      }
    }
  }

  /// Returns true if any episode of a range was truncated on the step from row t.
  package func hasTruncation(at t: Int, of range: Range<Int>) -> Bool {
    let flags = UnsafeRawBufferPointer(
      start: base + layout.truncated.offset(row: t, environment: range.lowerBound),
      count: range.count)
    return flags.contains { $0 != 0 }
  }

  /// Returns typed access to a column of the layout.
  ///
  /// - Precondition: the element type has the column's element size.
  public func column<Element: RecordableScalar>(_ column: Column) -> ColumnView<Element> {
    column.check(Element.self)
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

  /// Copies the state in one row to a row of a fragment with the same number of environments.
  ///
  /// - Parameter range: the environments to copy; all if nil.
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

  /// The number of rows in time.
  public var rowCount: Int { column.rowCount }
  /// The number of environments side by side.
  public var environmentCount: Int { column.environmentCount }
  /// The number of elements per environment and row.
  public var elementCount: Int { column.elementCount }

  /// Accesses one element of an environment in a row.
  ///
  /// - Precondition: all three indices are within the column.
  public subscript(row: Int, environment: Int, element: Int = 0) -> Element {
    get { address(row, environment, element).loadUnaligned(as: Element.self) }
    nonmutating set {
      address(row, environment, element).storeBytes(of: newValue, as: Element.self)
    }
  }

  /// A range of the rows, [range, environments, elements], in the same memory.
  ///
  /// ```swift
  /// let rewards: [Float] = batch.view.rew[rows: 2..<5].elements
  /// ```
  ///
  /// - Precondition: the range is within the column's rows.
  public subscript(rows range: Range<Int>) -> ColumnView {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= rowCount,
      "rows \(range) are outside \(rowCount) rows")
    return ColumnView(
      column: Column(
        offset: column.offset(row: range.lowerBound), rowCount: range.count,
        environmentCount: environmentCount, elementCount: elementCount,
        environmentStride: column.environmentStride),
      base: base, owner: owner)
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
