import Glibc

/// One environment's leaves in one row of a fragment.
///
/// Valid only during the call that receives it.
public struct LeafRow {
  @usableFromInline let base: UnsafeMutableRawPointer
  /// The column of the first leaf, followed by those of the others.
  @usableFromInline let columns: UnsafePointer<Column>
  @usableFromInline let leafCount: Int
  @usableFromInline let row: Int
  @usableFromInline let environment: Int

  @inlinable
  package init(
    base: UnsafeMutableRawPointer, columns: UnsafePointer<Column>, leafCount: Int = .max,
    row: Int, environment: Int
  ) {
    self.base = base
    self.columns = columns
    self.leafCount = leafCount
    self.row = row
    self.environment = environment
  }

  /// Returns the leaves after the first `count`, for the next part of a structure.
  @inlinable
  public func dropping(_ count: Int) -> LeafRow {
    precondition(count >= 0 && count <= leafCount, "\(count) leaves of \(leafCount)")
    return LeafRow(
      base: base, columns: columns + count, leafCount: leafCount &- count, row: row,
      environment: environment)
  }

  /// The number of elements per environment in the first leaf.
  @inlinable
  public var elementCount: Int { column.elementCount }

  /// The column of the first leaf.
  @inlinable
  var column: Column {
    precondition(leafCount > 0, "a value with fewer leaves")
    return columns.pointee
  }

  /// Stores one element of the first leaf.
  ///
  /// - Precondition: the index is within the leaf, and the leaf's elements have this type's size.
  @inlinable
  public func store<Element: RecordableScalar>(_ element: Element, at index: Int = 0) {
    let address = address(of: Element.self, index &+ 1, exactly: false)
    address.storeBytes(
      of: element, toByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
  }

  /// Loads one element of the first leaf.
  ///
  /// - Precondition: the index is within the leaf, and the leaf's elements have this type's size.
  @inlinable
  public func load<Element: RecordableScalar>(_ type: Element.Type, at index: Int = 0) -> Element {
    let address = address(of: Element.self, index &+ 1, exactly: false)
    return address.loadUnaligned(
      fromByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
  }

  /// Returns the address of the first leaf after checking that `count` elements of a type fit it.
  @inlinable
  func address<Element: RecordableScalar>(
    of type: Element.Type, _ count: Int, exactly: Bool = true
  ) -> UnsafeMutableRawPointer {
    let column = column
    let fits = exactly ? count == column.elementCount : count > 0 && count <= column.elementCount
    guard fits, column.environmentStride == column.elementCount &* MemoryLayout<Element>.stride
    else { refuse(count, Element.self) }
    return base + column.offset(row: row, environment: environment)
  }

  /// Ends the program with a message that optimized builds print too, unlike a precondition's.
  @usableFromInline
  func refuse<Element>(_ count: Int, _ type: Element.Type) -> Never {
    let column = column
    fatalError(
      """
      a value of \(count) × \(Element.self) does not fit its space, whose leaf has \
      \(column.elementCount) elements in \(column.environmentStride) bytes
      """)
  }

  /// Returns the elements of the first leaf.
  ///
  /// - Precondition: the leaf has `count` elements of this type's size.
  @inlinable
  func elements<Element: RecordableScalar>(
    _ type: Element.Type, count: Int
  ) -> RowValues<Element> {
    RowValues(
      address(of: Element.self, count).assumingMemoryBound(to: Element.self), count: count)
  }

  /// Returns all elements of the first leaf.
  ///
  /// - Precondition: they have this type's size.
  func elements<Element: RecordableScalar>(_ type: Element.Type) -> RowValues<Element> {
    elements(Element.self, count: elementCount)
  }

  /// Loads the only element of the first leaf.
  @inlinable
  func loadWhole<Element: RecordableScalar>(_ type: Element.Type) -> Element {
    address(of: Element.self, 1).loadUnaligned(as: Element.self)
  }

  /// Stores the only element of the first leaf.
  @inlinable
  func storeWhole<Element: RecordableScalar>(_ element: Element) {
    address(of: Element.self, 1).storeBytes(of: element, as: Element.self)
  }

  /// Loads all elements of the first leaf.
  func loadArray<Element: RecordableScalar>(_ type: Element.Type) -> [Element] {
    let count = elementCount
    let address = address(of: Element.self, count)
    return [Element](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      UnsafeMutableRawBufferPointer(buffer).copyMemory(
        from: UnsafeRawBufferPointer(start: address, count: count * MemoryLayout<Element>.stride))
      initializedCount = count
    }
  }

  /// Stores all elements of the first leaf.
  func storeArray<Element: RecordableScalar>(_ elements: [Element]) {
    let address = address(of: Element.self, elements.count)
    elements.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      address.copyMemory(from: start, byteCount: bytes.count)
    }
  }
}

extension LeafRow {
  /// All bytes of the first leaf's value.
  private var bytes: UnsafeMutableRawBufferPointer {
    let column = column
    return UnsafeMutableRawBufferPointer(
      start: base + column.offset(row: row, environment: environment),
      count: column.environmentStride)
  }

  /// Copies the first leaf's value to a leaf of the same size.
  func copy(to target: LeafRow) {
    target.bytes.copyMemory(from: UnsafeRawBufferPointer(bytes))
  }

  /// Copies some bytes of the first leaf's value to a place in another one.
  func copy(_ range: Range<Int>, to target: LeafRow, at start: Int) {
    UnsafeMutableRawBufferPointer(rebasing: target.bytes[start..<start + range.count]).copyMemory(
      from: UnsafeRawBufferPointer(rebasing: bytes[range]))
  }

  /// Copies the first leaf's value to a place in a vector of bytes.
  func copy(to vector: FlatVector<UInt8>, at start: Int) {
    let bytes = bytes
    RowValues(vector, start..<start + bytes.count).copy(
      RowValues(bytes.assumingMemoryBound(to: UInt8.self).baseAddress!, count: bytes.count))
  }

  /// Copies some bytes of the first leaf's value to a place in a vector of bytes.
  func copy(_ range: Range<Int>, to vector: FlatVector<UInt8>, at start: Int) {
    RowValues(vector, start..<start + range.count).copy(values(range))
  }

  /// Returns true if some bytes of the first leaf's value, from a place on, are those of a vector.
  func isEqual(_ start: Int, to vector: FlatVector<UInt8>, _ range: Range<Int>) -> Bool {
    let (own, other) = (values(start..<start + range.count), RowValues(vector, range))
    return memcmp(own.base, other.base, range.count) == 0
  }

  private func values(_ range: Range<Int>) -> RowValues<UInt8> {
    let bytes = UnsafeMutableRawBufferPointer(rebasing: bytes[range])
    return RowValues(
      bytes.assumingMemoryBound(to: UInt8.self).baseAddress!, count: range.count)
  }

  /// Sets some bytes of the first leaf's value, from a place on, to those of a vector.
  func set(_ start: Int, to vector: FlatVector<UInt8>, _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    let bytes = UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + range.count])
    RowValues(bytes.assumingMemoryBound(to: UInt8.self).baseAddress!, count: range.count).copy(
      RowValues(vector, range))
  }

  /// Sets the first leaf's value to zeros.
  func clear() { bytes.initializeMemory(as: UInt8.self, repeating: 0) }
}

extension LeafRow {
  /// Creates the leaves at some places of a fragment's columns, valid as long as the fragment.
  package init(_ fragment: FragmentView, _ places: Range<Int>, row: Int, environment: Int) {
    let layout = fragment.layout
    precondition(
      places.upperBound <= layout.columns.count && environment >= 0
        && environment < layout.environmentCount,
      "\(places) of environment \(environment)")
    // The columns are the layout's own array, which lives as long as the fragment's view.
    self = layout.columns.withUnsafeBufferPointer { columns in
      LeafRow(
        base: fragment.base,
        columns: columns.baseAddress.unsafelyUnwrapped + places.lowerBound,
        leafCount: places.count, row: row, environment: environment)
    }
  }
}
