/// A value that knows how to store itself in a fragment's leaves, and to load itself from them.
///
/// Numbers, vectors and arrays of numbers conform here. A structure of one's own composes them:
///
///     struct Dashboard: Recordable {
///       var speed: Float
///       var proximity: SIMD4<Float>
///       static var leafTypes: [ElementType] { Float.leafTypes + SIMD4<Float>.leafTypes }
///       init(loading leaves: LeafRow) {
///         speed = Float(loading: leaves)
///         proximity = SIMD4<Float>(loading: leaves.dropping(1))
///       }
///       func store(in leaves: LeafRow) {
///         speed.store(in: leaves)
///         proximity.store(in: leaves.dropping(1))
///       }
///     }
public protocol Recordable {
  /// The element type of each leaf that the value takes, in the space's order.
  static var leafTypes: [ElementType] { get }

  /// Reads a value back.
  init(loading leaves: LeafRow)

  /// Writes the value.
  func store(in leaves: LeafRow)
}

/// Where one environment's value lies at one row of a fragment: one address per leaf.
///
/// Valid only during the call that it was handed to.
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

  /// The leaves from the `count`-th on, for the next part of a structure.
  @inlinable
  public func dropping(_ count: Int) -> LeafRow {
    LeafRow(base: base, columns: columns + count, row: row, environment: environment)
  }

  /// Elements that the first leaf holds for one environment.
  @inlinable
  public var elementCount: Int { columns.pointee.elementCount }

  /// Writes one element of the first leaf.
  ///
  /// - Precondition: the leaf has so many elements, and they have the width of this one.
  @inlinable
  public func store<Element: RecordableScalar>(_ element: Element, at index: Int = 0) {
    let address = address(of: Element.self, index &+ 1, exactly: false)
    address.storeBytes(
      of: element, toByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
  }

  /// Reads one element of the first leaf.
  ///
  /// - Precondition: the leaf has so many elements, and they have the width of this one.
  @inlinable
  public func load<Element: RecordableScalar>(_ type: Element.Type, at index: Int = 0) -> Element {
    let address = address(of: Element.self, index &+ 1, exactly: false)
    return address.loadUnaligned(
      fromByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
  }

  /// Where the first leaf lies, after checking once that `count` elements of a type fit it.
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

  /// Ends the program with a sentence that an optimised build prints too, unlike a precondition's.
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
  /// One leaf of the type's own element.
  public static var leafTypes: [ElementType] { [elementType] }

  /// Reads the number.
  @inlinable
  public init(loading leaves: LeafRow) {
    self = leaves.address(of: Self.self, 1).loadUnaligned(as: Self.self)
  }

  /// Writes the number.
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
  /// A choice of a discrete space: one int32.
  public static var leafTypes: [ElementType] { [.int32] }

  /// Reads a choice.
  @inlinable
  public init(loading leaves: LeafRow) { self = Int(Int32(loading: leaves)) }

  /// Writes a choice.
  ///
  /// - Precondition: it fits in 32 bits.
  @inlinable
  public func store(in leaves: LeafRow) { Int32(self).store(in: leaves) }
}

extension Array: Recordable where Element: RecordableScalar {
  /// One leaf of the element's type.
  public static var leafTypes: [ElementType] { [Element.elementType] }

  /// Reads as many elements as the leaf holds.
  public init(loading leaves: LeafRow) {
    let count = leaves.elementCount
    let address = leaves.address(of: Element.self, count)
    self.init(unsafeUninitializedCapacity: count) { buffer, initializedCount in
      UnsafeMutableRawBufferPointer(buffer).copyMemory(
        from: UnsafeRawBufferPointer(start: address, count: count * MemoryLayout<Element>.stride))
      initializedCount = count
    }
  }

  /// Writes all elements.
  ///
  /// - Precondition: there are as many as the leaf holds.
  public func store(in leaves: LeafRow) {
    let address = leaves.address(of: Element.self, count)
    withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      address.copyMemory(from: start, byteCount: bytes.count)
    }
  }
}

extension SIMD where Scalar: RecordableScalar {
  /// One leaf of the lanes' type.
  public static var leafTypes: [ElementType] { [Scalar.elementType] }

  /// Reads one element per lane.
  ///
  /// - Precondition: there are as many lanes as the leaf holds elements.
  @inlinable
  public init(loading leaves: LeafRow) {
    self.init()
    let address = leaves.address(of: Scalar.self, scalarCount)
    for lane in indices {
      self[lane] = address.loadUnaligned(
        fromByteOffset: lane &* MemoryLayout<Scalar>.stride, as: Scalar.self)
    }
  }

  /// Writes one element per lane.
  ///
  /// - Precondition: there are as many lanes as the leaf holds elements.
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
