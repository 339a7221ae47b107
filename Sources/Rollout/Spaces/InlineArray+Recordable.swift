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
