import Rollout

/// A number of a batch among those that environments gave, rewards and observations, and where it comes from.
struct EnvironmentNumber: Equatable {
  /// What it is: `reward`, `observation`, or an observation's part such as `observation camera.left`.
  var field: String
  /// The number itself.
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

  /// The first one that is not finite, row by row; nil when everything is.
  static func firstNonFinite(in batch: FragmentBatch) -> EnvironmentNumber? {
    first(in: batch) { !$0.isFinite }
  }

  /// The one of the largest magnitude, the first of several; nil when all are 0 or none is finite.
  static func largest(in batch: FragmentBatch) -> EnvironmentNumber? {
    var largest = 0.0
    _ = first(in: batch) { number in
      if number.isFinite { largest = max(largest, number.magnitude) }
      return false
    }
    return largest == 0 ? nil : first(in: batch) { $0.magnitude == largest }
  }

  /// The first one, row by row, that is looked for.
  private static func first(
    in batch: FragmentBatch, where isWanted: (Double) -> Bool
  ) -> EnvironmentNumber? {
    let view = batch.view
    let layout = view.layout
    let leaves = layout.contents.spaces.observation.leaves
    let parts = zip(leaves.paths(below: "observation"), zip(leaves.leaves, layout.obs.leaves))
    for row in 0...layout.stepCount {
      for environment in 0..<layout.environmentCount {
        func found(_ field: String, _ value: Double, _ step: Int32) -> EnvironmentNumber {
          let each = layout.environmentCount / batch.fragmentCount
          let header = batch.headers[environment / each]
          return EnvironmentNumber(
            field: field, value: value, worker: Int(header.worker),
            environment: environment % each, row: row, fragment: Int(header.index),
            step: Int(step))
        }
        let reward = Double(view.rew[row, environment])
        if isWanted(reward) {
          // Where the step ended its episode, the row is already the next one's first.
          let isOver = row > 0 && view.fin[row, environment]
          let step = isOver ? view.stepno[row - 1, environment] + 1 : view.stepno[row, environment]
          return found("reward", reward, step)
        }
        for (path, (leaf, column)) in parts {
          let number: Double? =
            switch leaf.elementType {
            case .float32: view.first(Float.self, column, row, environment, where: isWanted)
            case .float64: view.first(Double.self, column, row, environment, where: isWanted)
            default: nil
            }
          if let number { return found(path, number, view.stepno[row, environment]) }
        }
      }
    }
    return nil
  }

  /// Who gave it when, as the beginning of a sentence.
  var sentence: String { "\(giver) gave the \(field) \(value) \(place)" }

  /// What it is and who gave it when, as a part of a sentence.
  var phrase: String { "the \(field) \(value), which \(giver) gave \(place)" }

  private var giver: String { "environment \(environment) of worker \(worker)" }

  private var place: String {
    "at step \(step) of its episode (row \(row) of the worker's fragment \(fragment))"
  }
}

extension FragmentView {
  /// The first number of one environment in one row that is looked for.
  fileprivate func first<Element: RecordableScalar & BinaryFloatingPoint>(
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
