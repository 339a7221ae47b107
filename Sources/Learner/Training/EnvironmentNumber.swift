import Rollout

/// A number of a batch among those that environments gave, rewards and observations, and where it comes from.
struct EnvironmentNumber: Equatable {
  /// What it is: `reward`, `observation`, `final observation`, or an observation's part such as `observation.camera.left`.
  var field: String
  /// The number itself.
  var value: Double
  /// Who collected it.
  var worker: Int
  /// Which of the worker's environments gave it.
  var environment: Int
  /// The row of the fragment in which it lies, 0…T; a final observation's is that of the step which led to it.
  var row: Int
  /// The fragment's number among those of its worker.
  var fragment: Int
  /// Steps since the episode began.
  var step: Int

  /// Whether no environment gave it in this fragment: the actor carried it here as its recurrent state.
  var isCarried = false

  /// The first one that is not finite, row by row; nil when everything is.
  ///
  /// Where environments gave none, the first recurrent state that was not finite before row 0.
  static func firstNonFinite(in batch: FragmentBatch) -> EnvironmentNumber? {
    first(in: batch) { !$0.isFinite } ?? firstCarried(in: batch)
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
    let columns = EnvironmentColumns(view.layout)
    for row in 0...view.layout.stepCount {
      for environment in 0..<view.layout.environmentCount {
        func found(_ found: (field: String, value: Double), _ step: Int32) -> EnvironmentNumber {
          EnvironmentNumber(found, row: row, of: environment, in: batch, step: step)
        }
        let step = view.stepno[row, environment]
        if let reward = view.first(among: [columns.reward], row, environment, where: isWanted) {
          // Where the step ended its episode, the row is already the next one's first.
          let isOver = row > 0 && view.fin[row, environment]
          return found(reward, isOver ? view.stepno[row - 1, environment] + 1 : step)
        }
        if let observation = view.first(
          among: columns.observations, row, environment, where: isWanted)
        {
          return found(observation, step)
        }
        // Elsewhere memory holds what it held before.
        if view.hasEnded(row, environment),
          let observation = view.first(
            among: columns.finalObservations, row, environment, where: isWanted)
        {
          return found(observation, step + 1)
        }
      }
    }
    return nil
  }

  /// The first number of the recurrent states before row 0 that is not finite.
  private static func firstCarried(in batch: FragmentBatch) -> EnvironmentNumber? {
    let view = batch.view
    let columns = EnvironmentColumns(view.layout)
    for environment in 0..<view.layout.environmentCount {
      guard
        let state = view.first(
          among: columns.recurrentStates, 0, environment, where: { !$0.isFinite })
      else { continue }
      var number = EnvironmentNumber(
        state, row: 0, of: environment, in: batch, step: view.stepno[0, environment])
      number.isCarried = true
      return number
    }
    return nil
  }

  private init(
    _ found: (field: String, value: Double), row: Int, of environment: Int,
    in batch: FragmentBatch, step: Int32
  ) {
    let each = batch.layout.environmentCount / batch.fragmentCount
    let header = batch.headers[environment / each]
    (field, value) = found
    worker = Int(header.worker)
    self.environment = environment % each
    self.row = row
    fragment = Int(header.index)
    self.step = Int(step)
  }

  /// Who gave it when, as the beginning of a sentence; what was carried has its reason in an earlier fragment.
  var sentence: String {
    isCarried
      ? "the recurrent state that \(giver) carried into its fragment \(fragment) is not finite "
        + "because of something earlier"
      : "\(giver) gave the \(field) \(value) \(place)"
  }

  /// What it is and who gave it when, as a part of a sentence.
  var phrase: String { "the \(field) \(value), which \(giver) gave \(place)" }

  private var giver: String { "environment \(environment) of worker \(worker)" }

  private var place: String {
    "at step \(step) of its episode (row \(row) of the worker's fragment \(fragment))"
  }
}
