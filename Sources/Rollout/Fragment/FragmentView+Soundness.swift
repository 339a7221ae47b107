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
    for (name, column) in flags where !areFlags(column, row) { return name }
    return check(spaces.observation, layout.obs, "obs")
      ?? check(spaces.action, layout.act, "act")
      ?? (row == nil ? check(spaces.observation, layout.finalObs, "finalObs") : nil)
  }

  /// Returns true if all values of a column are choices of a space.
  private func holds(_ space: Space, _ column: Column, _ row: Int?) -> Bool {
    switch space {
    case .box(_, _, _, .bool), .multiBinary:
      return areFlags(column, row)
    case .discrete(let count):
      return all(column, row, as: Int32.self) { $1 >= 0 && Int($1) < count }
    case .multiDiscrete(let counts):
      guard !counts.isEmpty else { return true }
      return all(column, row, as: Int32.self) { index, choice in
        choice >= 0 && Int(choice) < counts[index % counts.count]
      }
    case .box, .tuple, .dict: return true
    }
  }

  private func areFlags(_ column: Column, _ row: Int?) -> Bool {
    all(column, row, as: UInt8.self) { $1 < 2 }
  }

  /// Returns true if a condition holds for each element, given its index, in one row or in all.
  private func all<Element: RecordableScalar>(
    _ column: Column, _ row: Int?, as type: Element.Type, _ isValid: (Int, Element) -> Bool
  ) -> Bool {
    let values = values(column, from: row ?? 0, as: Element.self)
    let count = row == nil ? values.count : column.environmentCount * column.elementCount
    for index in 0..<count where !isValid(index, values[index]) { return false }
    return true
  }
}
