import Rollout

/// A reward or an observation of a batch, and the environment and step that it comes from.
struct EnvironmentNumber: Equatable {
  /// The name: `reward`, `observation`, `final observation`, or a part of an observation.
  ///
  /// A part is named like `observation.camera.left`.
  var field: String
  /// The number itself.
  var value: Double
  /// The worker that collected it.
  var worker: Int
  /// The index of the environment among the worker's own.
  var environment: Int
  /// The row of the fragment, 0…T; for a final observation the row that the last step started from.
  var row: Int
  /// The index of the fragment among those of its worker.
  var fragment: Int
  /// The number of steps since the episode began.
  var step: Int

  /// True if the number is a recurrent state that an earlier fragment handed to this one.
  var isCarried = false

  /// Returns the first number that is not finite, row by row; nil if all are finite.
  ///
  /// If all rewards and observations are finite, it is the first recurrent state before row 0 that
  /// is not.
  static func firstNonFinite(in batch: FragmentBatch) -> EnvironmentNumber? {
    first(in: batch) { !$0.isFinite } ?? firstCarried(in: batch)
  }

  /// Returns the first number of the largest finite magnitude; nil if all finite numbers are 0.
  static func largest(in batch: FragmentBatch) -> EnvironmentNumber? {
    var largest = 0.0
    _ = first(in: batch) { number in
      if number.isFinite { largest = max(largest, number.magnitude) }
      return false
    }
    return largest == 0 ? nil : first(in: batch) { $0.magnitude == largest }
  }

  /// Returns the first wanted number, row by row.
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
          // If the step ended its episode, the row belongs to the next episode.
          let isOver = row > 0 && view.fin[row, environment]
          return found(reward, isOver ? view.stepno[row - 1, environment] + 1 : step)
        }
        if let observation = view.first(
          among: columns.observations, row, environment, where: isWanted)
        {
          return found(observation, step)
        }
        // Where no episode ended, a final observation holds stale memory.
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

  /// Returns the first number of the recurrent states before row 0 that is not finite.
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

  /// The number and its origin as the beginning of a sentence.
  ///
  /// The cause of a recurrent state that is not finite lies in an earlier fragment.
  var sentence: String {
    isCarried
      ? "the recurrent state that \(giver) carried into its fragment \(fragment) is not finite "
        + "because of an earlier fragment"
      : "\(giver) gave the \(field) \(value) \(place)"
  }

  /// The number and its origin as a part of a sentence.
  var phrase: String { "the \(field) \(value), which \(giver) gave \(place)" }

  private var giver: String { "environment \(environment) of worker \(worker)" }

  private var place: String {
    "at step \(step) of its episode (row \(row) of the worker's fragment \(fragment))"
  }
}
