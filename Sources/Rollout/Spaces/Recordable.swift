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
  @inlinable
  public func store<Element: RecordableScalar>(_ element: Element, at index: Int = 0) {
    address.storeBytes(
      of: element, toByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
  }

  /// Reads one element of the first leaf.
  @inlinable
  public func load<Element: RecordableScalar>(_ type: Element.Type, at index: Int = 0) -> Element {
    address.loadUnaligned(
      fromByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
  }

  @inlinable
  var address: UnsafeMutableRawPointer {
    base + columns.pointee.offset(row: row, environment: environment)
  }
}

extension Recordable where Self: RecordableScalar {
  /// One leaf of the type's own element.
  public static var leafTypes: [ElementType] { [elementType] }

  /// Reads the number.
  @inlinable
  public init(loading leaves: LeafRow) { self = leaves.load(Self.self) }

  /// Writes the number.
  @inlinable
  public func store(in leaves: LeafRow) { leaves.store(self) }
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
  public init(loading leaves: LeafRow) { self = Int(leaves.load(Int32.self)) }

  /// Writes a choice.
  @inlinable
  public func store(in leaves: LeafRow) { leaves.store(Int32(truncatingIfNeeded: self)) }
}

extension Array: Recordable where Element: RecordableScalar {
  /// One leaf of the element's type.
  public static var leafTypes: [ElementType] { [Element.elementType] }

  /// Reads as many elements as the leaf holds.
  public init(loading leaves: LeafRow) {
    self = (0..<leaves.elementCount).map { leaves.load(Element.self, at: $0) }
  }

  /// Writes all elements.
  ///
  /// - Precondition: there are as many as the leaf holds.
  public func store(in leaves: LeafRow) {
    precondition(
      count == leaves.elementCount,
      "a value of \(count) elements for a space of \(leaves.elementCount)")
    for (index, element) in enumerated() { leaves.store(element, at: index) }
  }
}

extension SIMD where Scalar: RecordableScalar {
  /// One leaf of the lanes' type.
  public static var leafTypes: [ElementType] { [Scalar.elementType] }

  /// Reads one element per lane.
  @inlinable
  public init(loading leaves: LeafRow) {
    self.init()
    for lane in indices { self[lane] = leaves.load(Scalar.self, at: lane) }
  }

  /// Writes one element per lane.
  @inlinable
  public func store(in leaves: LeafRow) {
    for lane in indices { leaves.store(self[lane], at: lane) }
  }
}

extension SIMD2: Recordable where Scalar: RecordableScalar {}
extension SIMD3: Recordable where Scalar: RecordableScalar {}
extension SIMD4: Recordable where Scalar: RecordableScalar {}
extension SIMD8: Recordable where Scalar: RecordableScalar {}
extension SIMD16: Recordable where Scalar: RecordableScalar {}
