import Rollout

/// The recurrent state of an actor: [B, …] for each leaf of the policy's `recurrentState`.
///
/// Its storage is separate from the executors, since different executors may react to different
/// environments. Each copies its environments' part.
final class CarriedState {
  /// The column of one leaf in the fragment and the offset of its values.
  private struct Leaf: BitwiseCopyable {
    var column: Column
    /// The offset of the first value, in elements.
    var start: Int
    /// The number of values per environment.
    var width: Int { column.elementCount }
  }

  private let leaves: [Leaf]
  /// The values of all leaves, one leaf after the other.
  let values: FlatVector<Float>

  /// Creates a state of zeros.
  ///
  /// - Parameter columns: the columns of the fragment's `hx`, which hold Floats.
  init(_ columns: Nested<Column>) {
    var leaves: [Leaf] = []
    var end = 0
    for column in columns.leaves {
      precondition(
        column.environmentStride == column.elementCount * MemoryLayout<Float>.stride,
        "\(column.environmentStride) bytes of recurrent state are not \(column.elementCount) Floats"
      )
      leaves.append(Leaf(column: column, start: end))
      end += column.elementCount * column.environmentCount
    }
    self.leaves = leaves
    values = FlatVector(repeating: 0, count: end)
  }

  /// Returns the places in `values` of a leaf's values for a range of environments, [range, …].
  @inline(__always)
  func places(of leaf: Int, _ range: Range<Int>) -> Range<Int> {
    let leaf = leaves[leaf]
    let first = leaf.start &+ range.lowerBound &* leaf.width
    return first..<first &+ range.count &* leaf.width
  }

  /// Zeroes the state of one environment, or of all if `environment` is nil.
  func reset(environment: Int?) {
    guard let environment else { return values.clear() }
    for leaf in leaves.indices {
      for place in places(of: leaf, environment..<environment + 1) { values[place] = 0 }
    }
  }

  /// Measures, saves or restores the state.
  func transfer(_ snapshot: inout SnapshotCursor) {
    snapshot.transfer(values)
  }

  /// Copies the state to the fragment's `hx`.
  func record(into fragment: FragmentView) {
    for leaf in leaves {
      fragment.set(leaf.column, row: 0, to: values, from: leaf.start)
    }
  }
}

extension Graph {
  /// Returns inputs for the recurrent state, [B, …] each, set by the caller.
  func inputs(
    carrying state: Nested<LeafSpecification>, environmentCount: Int
  ) -> Nested<Tensor> {
    state.map { input([environmentCount] + $0.shape) }
  }
}
