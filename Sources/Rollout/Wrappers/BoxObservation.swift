extension LeafRow {
  /// Returns one element of the first leaf as a Double.
  @inline(__always)
  func number(at index: Int, _ type: ElementType) -> Double {
    switch type {
    case .uint8: Double(load(UInt8.self, at: index))
    case .bool: load(Bool.self, at: index) ? 1 : 0
    case .int32: Double(load(Int32.self, at: index))
    case .int64: Double(load(Int64.self, at: index))
    case .float32: Double(load(Float.self, at: index))
    case .float64: load(Double.self, at: index)
    }
  }
}

extension Space {
  /// The shape, the bounds and the element type of a Box.
  ///
  /// - Throws: `SpaceMismatch` for any other space.
  var box: (shape: [Int], low: Double, high: Double, elementType: ElementType) {
    get throws(SpaceMismatch) {
      guard case .box(let shape, let low, let high, let elementType) = self else {
        throw SpaceMismatch(description: "the observation is \(self) and must be a Box")
      }
      return (shape, low, high, elementType)
    }
  }
}
