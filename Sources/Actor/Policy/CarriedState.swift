import Rollout

/// What an actor carries from row to row: [B, …] for each leaf of a policy's recurrent state.
///
/// It lies in the executor's inputs, where the next reaction reads it.
struct CarriedState {
  /// One leaf: where it is read, what it becomes, and where the fragment records it.
  private struct Leaf: BitwiseCopyable {
    var input: Slot
    var next: Slot
    var column: Column
    /// Where its copy begins while all leaves move on together, in elements.
    var stage: Int
    /// Numbers for all environments.
    var count: Int
  }

  private let leaves: [Leaf]
  private let executor: Executor<Float>
  /// Leaves may become one another's values, so all are copied out before any is written.
  private let stage: FlatVector<Float>

  /// Whether nothing is carried.
  let isEmpty: Bool

  init(
    _ inputs: Nested<Tensor>, becoming outputs: Nested<Tensor>, columns: Nested<Column>,
    executor: Executor<Float>
  ) {
    precondition(
      inputs.zip(outputs) != nil && inputs.zip(columns) != nil,
      "a layout and a reaction of other recurrent states")
    var leaves: [Leaf] = []
    var end = 0
    for ((input, output), column) in zip(zip(inputs.leaves, outputs.leaves), columns.leaves) {
      precondition(
        input.shape == output.shape
          && column.rowStride == input.elementCount * MemoryLayout<Float>.stride,
        "\(output.shape) is carried on as \(input.shape)")
      leaves.append(
        Leaf(
          input: Slot(input.id), next: Slot(output.id), column: column, stage: end,
          count: input.elementCount))
      end += input.elementCount
    }
    self.leaves = leaves
    self.executor = executor
    stage = FlatVector(repeating: 0, count: end)
    isEmpty = leaves.isEmpty
  }

  /// Makes what the last run said the value that the next one reads.
  func advance() {
    for leaf in leaves {
      (stage.base + leaf.stage).update(from: executor[leaf.next], count: leaf.count)
    }
    for leaf in leaves {
      executor[leaf.input].update(from: stage.base + leaf.stage, count: leaf.count)
    }
  }

  /// Zeroes the state of one environment, or of all.
  func reset(environment: Int?) {
    for leaf in leaves {
      let width = leaf.count / leaf.column.environmentCount
      let range = environment.map { $0 * width..<($0 + 1) * width } ?? 0..<leaf.count
      executor[leaf.input].advanced(by: range.lowerBound)
        .update(repeating: 0, count: range.count)
    }
  }

  /// Copies the state of one environment to that of an actor of a single one.
  func copy(environment: Int, to single: CarriedState) {
    for (leaf, target) in zip(leaves, single.leaves) {
      single.executor[target.input].update(
        from: executor[leaf.input] + environment * target.count, count: target.count)
    }
  }

  /// Copies the state to the fragment's `hx`.
  func record(into fragment: FragmentView) {
    for leaf in leaves {
      (fragment.base + leaf.column.offset(row: 0))
        .copyMemory(from: executor[leaf.input], byteCount: leaf.column.rowStride)
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
