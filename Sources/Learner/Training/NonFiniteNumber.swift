import Rollout

/// The first number of a batch that is not finite among those that environments gave: rewards and observations.
struct NonFiniteNumber: Equatable {
  /// What it is: `reward`, `observation`, or an observation's part such as `observation camera.left`.
  var field: String
  /// NaN or an infinity.
  var value: Double
  /// Who collected it.
  var worker: Int
  /// Which of the worker's environments gave it.
  var environment: Int
  /// The row of the fragment in which it lies, 0…T.
  var row: Int
  /// The fragment's number among those of its worker.
  var fragment: Int
  /// Steps since the episode began.
  var step: Int

  /// Searches a batch row by row; nil when everything in it is finite.
  static func first(in batch: FragmentBatch) -> NonFiniteNumber? {
    let view = batch.view
    let layout = view.layout
    let leaves = layout.contents.spaces.observation.leaves
    let parts = zip(leaves.paths(below: "observation"), zip(leaves.leaves, layout.obs.leaves))
    for row in 0...layout.stepCount {
      for environment in 0..<layout.environmentCount {
        func found(_ field: String, _ value: Double, _ step: Int32) -> NonFiniteNumber {
          let each = layout.environmentCount / batch.fragmentCount
          let header = batch.headers[environment / each]
          return NonFiniteNumber(
            field: field, value: value, worker: Int(header.worker),
            environment: environment % each, row: row, fragment: Int(header.index),
            step: Int(step))
        }
        let reward = view.rew[row, environment]
        if !reward.isFinite {
          // Where the step ended its episode, the row is already the next one's first.
          let isOver = row > 0 && view.fin[row, environment]
          let step = isOver ? view.stepno[row - 1, environment] + 1 : view.stepno[row, environment]
          return found("reward", Double(reward), step)
        }
        for (path, (leaf, column)) in parts {
          let number: Double? =
            switch leaf.elementType {
            case .float32: view.nonFinite(Float.self, column, row, environment)
            case .float64: view.nonFinite(Double.self, column, row, environment)
            default: nil
            }
          if let number { return found(path, number, view.stepno[row, environment]) }
        }
      }
    }
    return nil
  }

  /// What happened, as the beginning of a sentence.
  var sentence: String {
    """
    environment \(environment) of worker \(worker) gave the \(field) \(value) at step \(step) of \
    its episode (row \(row) of the worker's fragment \(fragment))
    """
  }
}

extension FragmentView {
  /// The first number of one environment in one row that is not finite.
  fileprivate func nonFinite<Element: RecordableScalar & BinaryFloatingPoint>(
    _: Element.Type, _ column: Column, _ row: Int, _ environment: Int
  ) -> Double? {
    let numbers: ColumnView<Element> = self.column(column)
    for element in 0..<numbers.elementCount where !numbers[row, environment, element].isFinite {
      return Double(numbers[row, environment, element])
    }
    return nil
  }
}
