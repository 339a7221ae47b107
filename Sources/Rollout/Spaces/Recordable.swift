/// A value that can be stored in a fragment's leaves and loaded from them.
///
/// Numbers, vectors and arrays of numbers conform. A structure of them conforms to
/// ``RecordableStructure`` and lists its parts.
public protocol Recordable {
  /// The element type of each leaf of the value, in the order of the space's leaves.
  static var leafTypes: [ElementType] { get }

  /// Loads a value.
  init(loading leaves: LeafRow)

  /// Stores the value.
  func store(in leaves: LeafRow)
}

/// One environment's leaves in one row of a fragment.
///
/// Valid only during the call that receives it.
public struct LeafRow {
  @usableFromInline let base: UnsafeMutableRawPointer
  @usableFromInline let columns: UnsafePointer<Column>
  @usableFromInline let row: Int
  @usableFromInline let environment: Int

  @inlinable
  package init(
    base: UnsafeMutableRawPointer, columns: UnsafePointer<Column>, row: Int, environment: Int
  ) {
    self.base = base
    self.columns = columns
    self.row = row
    self.environment = environment
  }

  /// Returns the leaves after the first `count`, for the next part of a structure.
  @inlinable
  public func dropping(_ count: Int) -> LeafRow {
    LeafRow(base: base, columns: columns + count, row: row, environment: environment)
  }

  /// The number of elements per environment in the first leaf.
  @inlinable
  public var elementCount: Int { columns.pointee.elementCount }

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
    let column = columns.pointee
    let fits = exactly ? count == column.elementCount : count > 0 && count <= column.elementCount
    guard fits, column.environmentStride == column.elementCount &* MemoryLayout<Element>.stride
    else { refuse(count, Element.self) }
    return base + column.offset(row: row, environment: environment)
  }

  /// Ends the program with a message that optimized builds print too, unlike a precondition's.
  @usableFromInline
  func refuse<Element>(_ count: Int, _ type: Element.Type) -> Never {
    let column = columns.pointee
    fatalError(
      """
      a value of \(count) × \(Element.self) does not fit its space, whose leaf has \
      \(column.elementCount) elements in \(column.environmentStride) bytes
      """)
  }
}

extension Recordable where Self: RecordableScalar {
  /// One leaf with the type's own element type.
  public static var leafTypes: [ElementType] { [elementType] }

  /// Loads the number.
  @inlinable
  public init(loading leaves: LeafRow) {
    self = leaves.address(of: Self.self, 1).loadUnaligned(as: Self.self)
  }

  /// Stores the number.
  @inlinable
  public func store(in leaves: LeafRow) {
    leaves.address(of: Self.self, 1).storeBytes(of: self, as: Self.self)
  }
}

extension Float: Recordable {}
extension Double: Recordable {}
extension Int32: Recordable {}
extension Int64: Recordable {}
extension UInt8: Recordable {}
extension Bool: Recordable {}

extension Int: Recordable {
  /// One int32: a choice of a discrete space.
  public static var leafTypes: [ElementType] { [.int32] }

  /// Loads a choice.
  @inlinable
  public init(loading leaves: LeafRow) { self = Int(Int32(loading: leaves)) }

  /// Stores a choice.
  ///
  /// - Precondition: it fits in 32 bits.
  @inlinable
  public func store(in leaves: LeafRow) { Int32(self).store(in: leaves) }
}

extension Array: Recordable where Element: RecordableScalar {
  /// One leaf with the element type of the array.
  public static var leafTypes: [ElementType] { [Element.elementType] }

  /// Loads all elements of the leaf.
  public init(loading leaves: LeafRow) {
    let count = leaves.elementCount
    let address = leaves.address(of: Element.self, count)
    self.init(unsafeUninitializedCapacity: count) { buffer, initializedCount in
      UnsafeMutableRawBufferPointer(buffer).copyMemory(
        from: UnsafeRawBufferPointer(start: address, count: count * MemoryLayout<Element>.stride))
      initializedCount = count
    }
  }

  /// Stores all elements.
  ///
  /// - Precondition: the array has as many elements as the leaf.
  public func store(in leaves: LeafRow) {
    let address = leaves.address(of: Element.self, count)
    withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      address.copyMemory(from: start, byteCount: bytes.count)
    }
  }
}

extension SIMD where Scalar: RecordableScalar {
  /// One leaf with the element type of the lanes.
  public static var leafTypes: [ElementType] { [Scalar.elementType] }

  /// Loads one element per lane.
  ///
  /// - Precondition: the leaf has as many elements as the vector has lanes.
  @inlinable
  public init(loading leaves: LeafRow) {
    self.init()
    let address = leaves.address(of: Scalar.self, scalarCount)
    for lane in indices {
      self[lane] = address.loadUnaligned(
        fromByteOffset: lane &* MemoryLayout<Scalar>.stride, as: Scalar.self)
    }
  }

  /// Stores one element per lane.
  ///
  /// - Precondition: the leaf has as many elements as the vector has lanes.
  @inlinable
  public func store(in leaves: LeafRow) {
    let address = leaves.address(of: Scalar.self, scalarCount)
    for lane in indices {
      address.storeBytes(
        of: self[lane], toByteOffset: lane &* MemoryLayout<Scalar>.stride, as: Scalar.self)
    }
  }
}

extension SIMD2: Recordable where Scalar: RecordableScalar {}
extension SIMD3: Recordable where Scalar: RecordableScalar {}
extension SIMD4: Recordable where Scalar: RecordableScalar {}
extension SIMD8: Recordable where Scalar: RecordableScalar {}
extension SIMD16: Recordable where Scalar: RecordableScalar {}
