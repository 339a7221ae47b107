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

extension Recordable where Self: RecordableScalar {
  /// One leaf with the type's own element type.
  public static var leafTypes: [ElementType] { [elementType] }

  /// Loads the number.
  @inlinable
  public init(loading leaves: LeafRow) {
    self = leaves.loadWhole(Self.self)
  }

  /// Stores the number.
  @inlinable
  public func store(in leaves: LeafRow) {
    leaves.storeWhole(self)
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
    self = leaves.loadArray(Element.self)
  }

  /// Stores all elements.
  ///
  /// - Precondition: the array has as many elements as the leaf.
  public func store(in leaves: LeafRow) {
    leaves.storeArray(self)
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
    let numbers = leaves.elements(Scalar.self, count: scalarCount)
    for lane in indices { self[lane] = numbers[lane] }
  }

  /// Stores one element per lane.
  ///
  /// - Precondition: the leaf has as many elements as the vector has lanes.
  @inlinable
  public func store(in leaves: LeafRow) {
    let numbers = leaves.elements(Scalar.self, count: scalarCount)
    for lane in indices { numbers[lane] = self[lane] }
  }
}

extension SIMD2: Recordable where Scalar: RecordableScalar {}
extension SIMD3: Recordable where Scalar: RecordableScalar {}
extension SIMD4: Recordable where Scalar: RecordableScalar {}
extension SIMD8: Recordable where Scalar: RecordableScalar {}
extension SIMD16: Recordable where Scalar: RecordableScalar {}

/// A structure of recordable parts, stored part by part.
///
/// The structure lists its stored properties in the order of the space's fields:
///
/// ```swift
/// struct Dashboard: RecordableStructure {
///   var speed: Float = 0
///   var proximity: SIMD4<Float> = .zero
///   static let parts: [RecordablePart<Dashboard>] = [.init(\.speed), .init(\.proximity)]
/// }
/// ```
public protocol RecordableStructure: Recordable {
  /// The parts; declare them with `static let`, because every step reads them.
  static var parts: [RecordablePart<Self>] { get }

  /// Creates a value whose parts are replaced when it is loaded.
  init()
}

extension RecordableStructure {
  /// The element types of all parts' leaves, in order.
  public static var leafTypes: [ElementType] { parts.flatMap(\.leafTypes) }

  /// Loads all parts.
  public init(loading leaves: LeafRow) {
    self.init()
    RecordablePart.load(Self.parts, into: &self, from: leaves)
  }

  /// Stores all parts.
  public func store(in leaves: LeafRow) {
    RecordablePart.store(Self.parts, of: self, in: leaves)
  }
}

extension InlineArray: Recordable where Element: RecordableScalar {
  /// One leaf with the element type of the array.
  public static var leafTypes: [ElementType] { [Element.elementType] }

  /// Loads all elements.
  ///
  /// - Precondition: the leaf has as many elements as the array.
  @inlinable
  public init(loading leaves: LeafRow) {
    let numbers = leaves.elements(Element.self, count: Self.count)
    self.init { index in numbers[index] }
  }

  /// Stores all elements.
  ///
  /// - Precondition: the leaf has as many elements as the array.
  @inlinable
  public func store(in leaves: LeafRow) {
    let numbers = leaves.elements(Element.self, count: count)
    for index in indices { numbers[index] = self[index] }
  }
}
