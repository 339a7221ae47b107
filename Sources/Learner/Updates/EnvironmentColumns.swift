import Rollout

/// The columns of a fragment with floating-point numbers that may not be finite.
///
/// These are rewards, observations and recurrent states; columns of integers are left out.
struct EnvironmentColumns {
  /// One of the columns.
  struct Leaf {
    /// The name: `reward`, `observation`, or a part such as `observation.camera.left`.
    var field: String
    /// The element type, `float32` or `float64`.
    var elementType: ElementType
    /// The column's place in the fragment.
    var column: Column
  }

  /// The rewards, [1+T, B].
  let reward: Leaf
  /// The observations, [1+T, B, …].
  let observations: [Leaf]
  /// The observations that resets overwrote, [T, B, …]; valid only where an episode ended.
  let finalObservations: [Leaf]
  /// The recurrent state before row 0, [1, B, …].
  let recurrentStates: [Leaf]

  /// Looks up the columns of a layout.
  init(_ layout: FragmentLayout) {
    func leaves(
      _ specifications: Nested<LeafSpecification>, _ columns: Nested<Column>, _ root: String
    ) -> [Leaf] {
      zip(specifications.paths(below: root), zip(specifications.leaves, columns.leaves))
        .map { Leaf(field: $0, elementType: $1.0.elementType, column: $1.1) }
        .filter { $0.elementType == .float32 || $0.elementType == .float64 }
    }
    let spaces = layout.contents.spaces.observation.leaves
    reward = Leaf(field: "reward", elementType: .float32, column: layout.rew)
    observations = leaves(spaces, layout.obs, "observation")
    finalObservations = leaves(spaces, layout.finalObs, "final observation")
    recurrentStates = leaves(layout.contents.recurrentState, layout.hx, "recurrent state")
  }
}

extension EnvironmentColumns {
  /// Returns true if rewards, observations, valid final observations and recurrent states are all
  /// finite; nothing is allocated.
  func areFinite(in fragment: FragmentView) -> Bool {
    guard reward.isFinite(in: fragment) else { return false }
    for leaf in observations where !leaf.isFinite(in: fragment) { return false }
    for leaf in recurrentStates where !leaf.isFinite(in: fragment) { return false }
    // Where no episode ended, a final observation holds stale memory.
    for row in 0..<fragment.layout.stepCount {
      for environment in 0..<fragment.layout.environmentCount
      where fragment.hasEnded(row, environment) {
        for leaf in finalObservations
        where !leaf.isFinite(in: fragment, row: row, environment: environment) { return false }
      }
    }
    return true
  }
}

extension EnvironmentColumns.Leaf {
  /// Returns true if all numbers of the column are finite.
  fileprivate func isFinite(in fragment: FragmentView) -> Bool {
    isFinite(in: fragment, row: 0, environment: 0, count: column.rowCount * column.environmentCount)
  }

  /// Returns true if the numbers of environments from one on are finite, row by row.
  fileprivate func isFinite(
    in fragment: FragmentView, row: Int, environment: Int, count: Int = 1
  ) -> Bool {
    let start = environment * column.elementCount
    let range = start..<start + count * column.elementCount
    return elementType == .float64
      ? Self.areFinite(fragment.values(column, from: row, as: Double.self).extracting(range))
      : Self.areFinite(fragment.values(column, from: row, as: Float.self).extracting(range))
  }

  // Without the sign, the bits of floating-point numbers are in the order of their magnitudes, and
  // those of NaN are above those of infinity.

  private static func areFinite(_ numbers: Span<Float>) -> Bool {
    var largest: UInt32 = 0
    for index in numbers.indices {
      largest = max(largest, numbers[index].magnitude.bitPattern)
    }
    return largest < Float.infinity.bitPattern
  }

  private static func areFinite(_ numbers: Span<Double>) -> Bool {
    var largest: UInt64 = 0
    for index in numbers.indices {
      largest = max(largest, numbers[index].magnitude.bitPattern)
    }
    return largest < Double.infinity.bitPattern
  }
}

extension FragmentView {
  /// Returns true if an episode ended on the step from a row, which then has a final observation.
  ///
  /// It is false for row T, from which no step is made.
  func hasEnded(_ row: Int, _ environment: Int) -> Bool {
    row < layout.stepCount && (terminated[row, environment] || truncated[row, environment])
  }

  /// Returns the first wanted number of one environment in one row of some columns, and its name.
  func first(
    among leaves: [EnvironmentColumns.Leaf], _ row: Int, _ environment: Int,
    where isWanted: (Double) -> Bool
  ) -> (field: String, value: Double)? {
    for leaf in leaves {
      let value =
        leaf.elementType == .float64
        ? first(Double.self, leaf.column, row, environment, where: isWanted)
        : first(Float.self, leaf.column, row, environment, where: isWanted)
      if let value { return (leaf.field, value) }
    }
    return nil
  }

  private func first<Element: RecordableScalar & BinaryFloatingPoint>(
    _: Element.Type, _ column: Column, _ row: Int, _ environment: Int,
    where isWanted: (Double) -> Bool
  ) -> Double? {
    let numbers: ColumnView<Element> = self.column(column)
    for element in 0..<numbers.elementCount {
      let number = Double(numbers[row, environment, element])
      if isWanted(number) { return number }
    }
    return nil
  }
}
