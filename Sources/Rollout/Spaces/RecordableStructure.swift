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
