// Bytes from a file can have any values. Indices and flags are checked before they are used.

extension FragmentView {
  /// Returns the first field with an invalid value.
  ///
  /// Invalid are a choice that its space does not contain, and a flag that is neither 0 nor 1.
  /// Numbers of Boxes are not checked; learning detects those that are not finite.
  ///
  /// - Parameter row: the state row to check; nil for all rows of all fields.
  /// - Returns: the path of the field; nil if all are valid.
  package func firstImpossibleField(inStateRow row: Int? = nil) -> String? {
    let spaces = layout.contents.spaces
    func check(_ space: Space, _ columns: Nested<Column>, _ root: String) -> String? {
      let parts = zip(zip(space.parts.leaves, columns.leaves), space.parts.paths(below: root))
      for ((part, column), path) in parts where !holds(part, column, row) { return path }
      return nil
    }
    var flags = [("fin", layout.fin)]
    if row == nil { flags += [("terminated", layout.terminated), ("truncated", layout.truncated)] }
    for (name, column) in flags where !bytes(column, row).allSatisfy({ $0 < 2 }) { return name }
    return check(spaces.observation, layout.obs, "obs")
      ?? check(spaces.action, layout.act, "act")
      ?? (row == nil ? check(spaces.observation, layout.finalObs, "finalObs") : nil)
  }

  /// Returns true if all values of a column are choices of a space.
  private func holds(_ space: Space, _ column: Column, _ row: Int?) -> Bool {
    switch space {
    case .box(_, _, _, .bool), .multiBinary:
      return bytes(column, row).allSatisfy { $0 < 2 }
    case .discrete(let count):
      return integers(column, row).allSatisfy { $0 >= 0 && Int($0) < count }
    case .multiDiscrete(let counts):
      guard !counts.isEmpty else { return true }
      return integers(column, row).enumerated().allSatisfy { index, choice in
        choice >= 0 && Int(choice) < counts[index % counts.count]
      }
    case .box, .tuple, .dict: return true
    }
  }

  private func bytes(_ column: Column, _ row: Int?) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: base + column.offset(row: row ?? 0),
      count: row == nil ? column.byteCount : column.rowStride)
  }

  private func integers(_ column: Column, _ row: Int?) -> UnsafeBufferPointer<Int32> {
    bytes(column, row).assumingMemoryBound(to: Int32.self)
  }
}
