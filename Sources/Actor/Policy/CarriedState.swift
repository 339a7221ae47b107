import Rollout

/// What an actor carries from row to row: [B, …] for each leaf of a policy's recurrent state.
///
/// It lies by itself, so that different executors may react to different environments: each copies what it needs.
final class CarriedState {
  /// One leaf: where the fragment records it, and where it lies.
  private struct Leaf: BitwiseCopyable {
    var column: Column
    /// Where it begins, in elements.
    var start: Int
    /// Numbers for each environment.
    var width: Int { column.elementCount }
  }

  private let leaves: [Leaf]
  private let values: FlatVector<Float>

  /// Nothing remembered yet.
  ///
  /// - Parameter columns: those of the fragment's `hx`, of Floats.
  init(_ columns: Nested<Column>) {
    var leaves: [Leaf] = []
    var end = 0
    for column in columns.leaves {
      precondition(
        column.environmentStride == column.elementCount * MemoryLayout<Float>.stride,
        "a recurrent state of \(column.environmentStride) bytes is no \(column.elementCount) Floats"
      )
      leaves.append(Leaf(column: column, start: end))
      end += column.elementCount * column.environmentCount
    }
    self.leaves = leaves
    values = FlatVector(repeating: 0, count: end)
  }

  /// Where a leaf's numbers of some environments lie, [range, …].
  func numbers(
    of leaf: Int, _ range: Range<Int>
  ) -> UnsafeMutableBufferPointer<Float> {
    let leaf = leaves[leaf]
    return UnsafeMutableBufferPointer(
      start: values.base + (leaf.start &+ range.lowerBound &* leaf.width),
      count: range.count &* leaf.width)
  }

  /// Zeroes the state of one environment, or of all.
  func reset(environment: Int?) {
    guard let environment else { return values.clear() }
    for leaf in leaves.indices {
      numbers(of: leaf, environment..<environment + 1).update(repeating: 0)
    }
  }

  /// Measures, saves or restores the state.
  func transfer(_ snapshot: inout SnapshotCursor) {
    snapshot.transfer(values)
  }

  /// Copies the state to the fragment's `hx`.
  func record(into fragment: FragmentView) {
    for leaf in leaves {
      (fragment.base + leaf.column.offset(row: 0))
        .copyMemory(from: values.base + leaf.start, byteCount: leaf.column.rowStride)
    }
  }
}

extension Graph {
  /// Inputs for what an actor carries, [B, …] each, which the caller sets.
  func inputs(
    carrying state: Nested<LeafSpecification>, environmentCount: Int
  ) -> Nested<Tensor> {
    state.map { input([environmentCount] + $0.shape) }
  }
}
