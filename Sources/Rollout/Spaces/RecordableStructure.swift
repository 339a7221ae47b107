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

/// One stored property of a structure, and how it is stored in leaves.
///
/// The property is found by its offset in memory, so storing a structure neither follows key paths
/// nor allocates.
public struct RecordablePart<Root>: Sendable {
  fileprivate let leafTypes: [ElementType]
  fileprivate let store: @Sendable (UnsafeRawPointer, LeafRow) -> Void
  fileprivate let load: @Sendable (UnsafeMutableRawPointer, LeafRow) -> Void

  /// Describes a stored property.
  ///
  /// - Precondition: the property is stored in the structure itself; it has no observers and is
  ///   neither computed nor lazy.
  public init<Value: Recordable & SendableMetatype>(_ property: WritableKeyPath<Root, Value>) {
    guard let offset = MemoryLayout<Root>.offset(of: property) else {
      preconditionFailure(
        "\(property) is not a stored property: a part of \(Root.self) needs one without observers")
    }
    leafTypes = Value.leafTypes
    store = { root, leaves in
      (root + offset).assumingMemoryBound(to: Value.self).pointee.store(in: leaves)
    }
    load = { root, leaves in
      (root + offset).assumingMemoryBound(to: Value.self).pointee = Value(loading: leaves)
    }
  }
}

extension RecordableStructure {
  /// The element types of all parts' leaves, in order.
  public static var leafTypes: [ElementType] { parts.flatMap(\.leafTypes) }

  /// Loads all parts.
  public init(loading leaves: LeafRow) {
    self.init()
    var rest = leaves
    withUnsafeMutableBytes(of: &self) { bytes in
      guard let root = bytes.baseAddress else { return }
      for part in Self.parts {
        part.load(root, rest)
        rest = rest.dropping(part.leafTypes.count)
      }
    }
  }

  /// Stores all parts.
  public func store(in leaves: LeafRow) {
    var rest = leaves
    withUnsafeBytes(of: self) { bytes in
      guard let root = bytes.baseAddress else { return }
      for part in Self.parts {
        part.store(root, rest)
        rest = rest.dropping(part.leafTypes.count)
      }
    }
  }
}
