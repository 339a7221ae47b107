/// The unit of a horizontal axis.
struct TimeUnit {
  /// The label of the axis.
  let label: String
  /// The number of seconds in the unit; 1 for environment steps.
  let seconds: Double

  /// Chooses the unit in which the longest run has a readable number.
  init(of clock: RunMetrics.Clock, _ setUps: [SetUp]) {
    let longest = setUps.flatMap(\.runs).compactMap { run in
      run.metrics.seconds.last { $0.isFinite }
    }.max()
    switch (clock, longest ?? 0) {
    case (.steps, _): (label, seconds) = ("environment steps", 1)
    case (.time, ..<300): (label, seconds) = ("seconds", 1)
    case (.time, ..<18_000): (label, seconds) = ("minutes", 60)
    case (.time, _): (label, seconds) = ("hours", 3600)
    }
  }
}
