extension InlineArray: Recordable where Element: RecordableScalar {
  /// One leaf with the element type of the array.
  public static var leafTypes: [ElementType] { [Element.elementType] }

  /// Loads all elements.
  ///
  /// - Precondition: the leaf has as many elements as the array.
  @inlinable
  public init(loading leaves: LeafRow) {
    let address = leaves.address(of: Element.self, Self.count)
    self.init { index in
      address.loadUnaligned(
        fromByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
    }
  }

  /// Stores all elements.
  ///
  /// - Precondition: the leaf has as many elements as the array.
  @inlinable
  public func store(in leaves: LeafRow) {
    let address = leaves.address(of: Element.self, count)
    for index in indices {
      address.storeBytes(
        of: self[index], toByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
    }
  }
}
