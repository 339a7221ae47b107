extension Space {
  /// Returns a value as numbers in the structure of the space, each leaf row-major.
  ///
  /// A bool is 0 or 1.
  func numbers(in leaves: LeafRow) -> Nested<[Double]> {
    var leaves = leaves
    return self.leaves.map { leaf in
      defer { leaves = leaves.dropping(1) }
      return (0..<leaf.elementCount).map { leaves.number(as: leaf.elementType, at: $0) }
    }
  }
}
