/// The step or the second at which the next save of a run is due.
struct SaveSchedule {
  /// The steps between saves; nil for saves by their cost, 0 for none but the last.
  private let every: Int?
  private var next = (steps: Int.max, seconds: Double.infinity)

  /// Creates the schedule of a run that has made some steps in some seconds.
  ///
  /// Two files that are synchronized to disk take about 20 ms.
  init(every: Int?, steps: Int, seconds: Double) {
    self.every = every
    note(steps: steps, seconds: seconds, cost: 0.02)
  }

  /// Returns true if a save is due.
  func isDue(steps: Int, seconds: Double) -> Bool {
    steps >= next.steps || seconds >= next.seconds
  }

  /// Schedules the next save after one that took `cost` seconds, which become 1 % of the time.
  mutating func note(steps: Int, seconds: Double, cost: Double) {
    if let every {
      next.steps = every == 0 ? .max : (steps / every + 1) * every
    } else {
      next.seconds = seconds + 100 * cost
    }
  }
}
