/// Something to measure on this machine: what it is called, what it says, and how it is done.
package struct Benchmark: Sendable {
  /// Its name on the command line.
  package let name: String
  /// What it measures, in a sentence.
  package let summary: String

  private let unit: BenchmarkUnit
  private let body: @Sendable (BenchmarkSettings) throws -> BenchmarkResult

  /// Describes a measurement.
  ///
  /// - Parameters:
  ///   - name: its name on the command line.
  ///   - unit: what its figure counts.
  ///   - summary: what it measures, in a sentence.
  ///   - body: measures, in about the time that the settings give it.
  init(
    _ name: String, _ unit: BenchmarkUnit, _ summary: String,
    _ body: @escaping @Sendable (BenchmarkSettings) throws -> BenchmarkResult
  ) {
    self.name = name
    self.unit = unit
    self.summary = summary
    self.body = body
  }

  /// The name of its figure, with the unit in it.
  package var figureName: String { "\(name)_\(unit.nameEnding)" }

  /// The name of the share of this machine's peak, where it has one.
  package var peakShareName: String { "\(name)_\(BenchmarkUnit.share.nameEnding)" }

  /// Measures.
  ///
  /// - Throws: what stops workers from being started, or from going on.
  package func measure(_ settings: BenchmarkSettings) throws -> [BenchmarkFigure] {
    let result = try body(settings)
    var figures = [BenchmarkFigure(name: figureName, unit: unit, value: result.value)]
    if let share = result.peakShare {
      figures.append(BenchmarkFigure(name: peakShareName, unit: .share, value: share))
    }
    return figures
  }
}

/// How long to measure, and with which worker program.
package struct BenchmarkSettings: Sendable {
  /// About how long one measurement takes.
  package var seconds: Double
  /// How often at least each is repeated, however long that takes.
  package var minimumRepetitions = 3
  /// The program whose `worker` subcommand to run; nil for the one that runs now.
  package var workerExecutable: String?

  /// Settings for a time in seconds.
  package init(
    seconds: Double, minimumRepetitions: Int = 3, workerExecutable: String? = nil
  ) {
    self.seconds = seconds
    self.minimumRepetitions = minimumRepetitions
    self.workerExecutable = workerExecutable
  }
}

/// What a measurement came to.
struct BenchmarkResult {
  /// In the measurement's unit.
  var value: Double
  /// The part of this machine's peak that the value is, where one is known.
  var peakShare: Double?

  init(_ value: Double, peakShare: Double? = nil) {
    self.value = value
    self.peakShare = peakShare
  }
}

/// A figure under its stable name.
package struct BenchmarkFigure: Sendable, Equatable {
  /// The name, which ends with the unit.
  package let name: String
  /// What it counts.
  package let unit: BenchmarkUnit
  /// The figure itself.
  package let value: Double

  /// The figure as people like to read it, with its unit.
  package var text: String { unit.text(value) }
}

/// What a figure counts.
package enum BenchmarkUnit: Sendable, Equatable {
  case nanoseconds, microseconds, milliseconds
  case stepsPerSecond, fragmentsPerSecond
  case gigaflops
  /// One pace divided by another.
  case ratio
  /// A part of this machine's peak.
  case share

  /// What the name of such a figure ends with.
  package var nameEnding: String {
    switch self {
    case .nanoseconds: "nanoseconds"
    case .microseconds: "microseconds"
    case .milliseconds: "milliseconds"
    case .stepsPerSecond: "steps_per_second"
    case .fragmentsPerSecond: "fragments_per_second"
    case .gigaflops: "gflops"
    case .ratio: "ratio"
    case .share: "peak_share"
    }
  }

  fileprivate func text(_ value: Double) -> String {
    switch self {
    case .nanoseconds: "\(NumberText.fixed(value, 1)) ns"
    case .microseconds: "\(NumberText.fixed(value, 1)) µs"
    case .milliseconds: "\(NumberText.fixed(value, 1)) ms"
    case .stepsPerSecond: "\(NumberText.short(value)) steps/s"
    case .fragmentsPerSecond: "\(NumberText.short(value)) fragments/s"
    case .gigaflops: "\(NumberText.fixed(value, 1)) GFLOP/s"
    case .ratio: "\(NumberText.fixed(value, 2)) ×"
    case .share: "\(NumberText.fixed(100 * value, 0)) % of the peak"
    }
  }
}
