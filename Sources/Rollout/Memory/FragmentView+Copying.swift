extension FragmentView {
  /// Copies a row's values of some environments to a row of another fragment.
  ///
  /// - Parameters:
  ///   - column: the column to copy from.
  ///   - row: the row to copy from.
  ///   - range: the environments.
  ///   - target: the other fragment.
  ///   - targetColumn: a column of it with the same size per environment.
  ///   - targetRow: the row to copy to.
  ///   - first: the environment that receives the values of the first one.
  package func copy(
    _ column: Column, row: Int, of range: Range<Int>, to target: FragmentView,
    _ targetColumn: Column, row targetRow: Int, from first: Int
  ) {
    precondition(
      column.environmentStride == targetColumn.environmentStride, "columns of different sizes")
    let byteCount = range.count &* column.environmentStride
    target.address(targetColumn, targetRow, first..<first &+ range.count).copyMemory(
      from: address(column, row, range), byteCount: byteCount)
  }

  /// Sets a whole row of a column to consecutive elements of a vector.
  ///
  /// - Precondition: the column has elements of that size, and the vector has enough.
  @inlinable
  package func set<Element: RecordableScalar>(
    _ column: Column, row: Int, to vector: FlatVector<Element>, from start: Int
  ) {
    let count = column.environmentCount &* column.elementCount
    precondition(
      column.rowStride == count &* MemoryLayout<Element>.stride && start >= 0
        && start &+ count <= vector.count,
      "\(count) elements from \(start) of \(vector.count)")
    address(column, row, 0..<column.environmentCount).copyMemory(
      from: vector.base + start, byteCount: column.rowStride)
  }

  /// Returns the bytes of one environment's value in a row.
  func bytes(_ column: Column, row: Int, environment: Int) -> [UInt8] {
    [UInt8](
      UnsafeRawBufferPointer(
        start: address(column, row, environment..<environment + 1),
        count: column.environmentStride))
  }

  /// Sets all bytes of a row.
  func fill(_ column: Column, row: Int, with byte: UInt8) {
    address(column, row, 0..<column.environmentCount)
      .initializeMemory(as: UInt8.self, repeating: byte, count: column.rowStride)
  }

  /// Returns the address of some environments' values in a row, after checking that they exist.
  @inlinable
  @inline(__always)
  package func address(
    _ column: Column, _ row: Int, _ range: Range<Int>
  ) -> UnsafeMutableRawPointer {
    precondition(
      row >= 0 && row < column.rowCount && range.lowerBound >= 0
        && range.upperBound <= column.environmentCount
        && column.offset &+ column.byteCount <= layout.byteCount,
      "row \(row) of environments \(range)")
    return base + column.offset(row: row, environment: range.lowerBound)
  }
}

extension FragmentView {
  /// Returns one number of a column, for an element type known only at run time.
  package func number(
    _ column: Column, _ type: ElementType, row: Int, environment: Int, element: Int
  ) -> Double {
    withUnsafePointer(to: column) {
      LeafRow(base: base, columns: $0, row: row, environment: environment)
        .number(as: type, at: element)
    }
  }
}

extension Column {
  /// Copies a row's values of some environments to a row of another column of the same shape.
  ///
  /// The other column may lie in other memory.
  package func copy(
    _ range: Range<Int>, from base: UnsafeMutableRawPointer, row: Int, to target: Column,
    of targetBase: UnsafeMutableRawPointer, row targetRow: Int
  ) {
    (targetBase + target.offset(row: targetRow, environment: range.lowerBound)).copyMemory(
      from: base + offset(row: row, environment: range.lowerBound),
      byteCount: range.count &* environmentStride)
  }
}
