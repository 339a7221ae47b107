/// One stored property of a structure, and how it is stored in leaves.
///
/// The property is found by its offset in memory, so storing a structure neither follows key paths
/// nor allocates.
public struct RecordablePart<Root>: Sendable {
  let leafTypes: [ElementType]
  private let store: @Sendable (UnsafeRawPointer, LeafRow) -> Void
  private let load: @Sendable (UnsafeMutableRawPointer, LeafRow) -> Void

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

  /// Loads all parts of a value.
  static func load(_ parts: [RecordablePart], into value: inout Root, from leaves: LeafRow) {
    var rest = leaves
    withUnsafeMutableBytes(of: &value) { bytes in
      guard let root = bytes.baseAddress else { return }
      for part in parts {
        part.load(root, rest)
        rest = rest.dropping(part.leafTypes.count)
      }
    }
  }

  /// Stores all parts of a value.
  static func store(_ parts: [RecordablePart], of value: Root, in leaves: LeafRow) {
    var rest = leaves
    withUnsafeBytes(of: value) { bytes in
      guard let root = bytes.baseAddress else { return }
      for part in parts {
        part.store(root, rest)
        rest = rest.dropping(part.leafTypes.count)
      }
    }
  }
}
