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

  /// Returns the address of some environments' values in a row, after checking that they exist.
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
