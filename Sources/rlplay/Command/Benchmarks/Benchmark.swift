import Learner
import Rollout

/// A measurement that `rlplay bench` can make: its name, its unit, its summary and its code.
struct Benchmark: Sendable {
  /// The name on the command line.
  let name: String
  /// One sentence that says what is measured.
  let summary: String

  private let unit: BenchmarkUnit
  private let body: @Sendable (BenchmarkSettings) throws -> BenchmarkResult

  /// Creates a measurement.
  ///
  /// - Parameters:
  ///   - name: the name on the command line.
  ///   - unit: the unit of the figure.
  ///   - summary: one sentence that says what is measured.
  ///   - body: makes the measurement, in about the time that the settings give.
  init(
    _ name: String, _ unit: BenchmarkUnit, _ summary: String,
    _ body: @escaping @Sendable (BenchmarkSettings) throws -> BenchmarkResult
  ) {
    self.name = name
    self.unit = unit
    self.summary = summary
    self.body = body
  }

  /// The name of the figure, which ends with the unit.
  var figureName: String { "\(name)_\(unit.nameEnding)" }

  /// The name of the figure's share of this machine's peak, if it has one.
  var peakShareName: String { "\(name)_\(BenchmarkUnit.share.nameEnding)" }

  /// Makes the measurement and returns its figures.
  ///
  /// - Throws: the error that kept workers from starting or running.
  func measure(_ settings: BenchmarkSettings) throws -> [BenchmarkFigure] {
    let result = try body(settings)
    var figures = [
      BenchmarkFigure(name: figureName, unit: unit, value: result.value, remark: result.remark)
    ]
    if let share = result.peakShare {
      figures.append(BenchmarkFigure(name: peakShareName, unit: .share, value: share))
    }
    return figures
  }
}

/// The duration of measurements, the worker program and the ranks.
struct BenchmarkSettings {
  /// The approximate duration of one measurement.
  var seconds: Double
  /// The smallest number of repetitions, regardless of their duration.
  var minimumRepetitions = 3
  /// The program that is run with the `worker` subcommand; nil for the running program.
  var workerExecutable: String?
  /// The ranks that measure together; only for the measurements of ranks.
  var ranks: any Ranks = Alone()

  /// Creates settings with a duration in seconds.
  init(
    seconds: Double, minimumRepetitions: Int = 3, workerExecutable: String? = nil
  ) {
    self.seconds = seconds
    self.minimumRepetitions = minimumRepetitions
    self.workerExecutable = workerExecutable
  }
}

/// The result of a measurement.
struct BenchmarkResult {
  /// The value in the measurement's unit.
  var value: Double
  /// The value as a fraction of this machine's peak, if the peak is known.
  var peakShare: Double?
  /// Words about the value, for people.
  var remark: String?

  init(_ value: Double, peakShare: Double? = nil, remark: String? = nil) {
    self.value = value
    self.peakShare = peakShare
    self.remark = remark
  }
}

/// A figure with its stable name.
struct BenchmarkFigure: Sendable, Equatable {
  /// The name, which ends with the unit.
  let name: String
  /// The unit of the figure.
  let unit: BenchmarkUnit
  /// The value in that unit.
  var value: Double
  /// Words about the value, for people.
  var remark: String?

  /// The figure with its unit, formatted for people.
  var text: String { unit.text(value) }
}

/// The unit of a figure.
enum BenchmarkUnit: Sendable, Equatable {
  case nanoseconds, microseconds, milliseconds
  case stepsPerSecond, fragmentsPerSecond
  case gigaflops
  /// One throughput divided by another.
  case ratio
  /// A fraction of this machine's peak.
  case share
  /// A fraction of the speed of as many machines, each alone.
  case efficiency

  /// The ending of the names of figures in this unit.
  var nameEnding: String {
    switch self {
    case .nanoseconds: "nanoseconds"
    case .microseconds: "microseconds"
    case .milliseconds: "milliseconds"
    case .stepsPerSecond: "steps_per_second"
    case .fragmentsPerSecond: "fragments_per_second"
    case .gigaflops: "gflops"
    case .ratio: "ratio"
    case .share: "peak_share"
    case .efficiency: "efficiency"
    }
  }

  /// True if a smaller figure is a better one.
  var isTime: Bool {
    switch self {
    case .nanoseconds, .microseconds, .milliseconds: true
    case .stepsPerSecond, .fragmentsPerSecond, .gigaflops, .ratio, .share, .efficiency: false
    }
  }

  /// Returns a value with the unit, formatted for people.
  func text(_ value: Double) -> String {
    switch self {
    case .nanoseconds: "\(NumberText.fixed(value, 1)) ns"
    case .microseconds: "\(NumberText.fixed(value, 1)) µs"
    case .milliseconds: "\(NumberText.fixed(value, 1)) ms"
    case .stepsPerSecond: "\(NumberText.short(value)) steps/s"
    case .fragmentsPerSecond: "\(NumberText.short(value)) fragments/s"
    case .gigaflops: "\(NumberText.fixed(value, 1)) GFLOP/s"
    case .ratio: "\(NumberText.fixed(value, 2)) ×"
    case .share: "\(NumberText.fixed(100 * value, 0)) % of the peak"
    case .efficiency: "\(NumberText.fixed(100 * value, 0)) %"
    }
  }
}

/// All measurements of `rlplay bench`, in the order of its table.
enum BenchmarkSuite {
  /// All measurements: from a single step to whole runs, then the kernels.
  static let all: [Benchmark] =
    StepBenchmarks.all + UpdateBenchmarks.all + ThroughputBenchmarks.all + HandOverBenchmarks.all
    + ProcessBenchmarks.all + MatrixBenchmarks.all

  /// Measurements that need more than this machine's processors, by the names under which they are
  /// asked for.
  static let groups: [(name: String, benchmarks: [Benchmark])] = [
    (MuJoCoBenchmarks.name, MuJoCoBenchmarks.all),
    (RankBenchmarks.name, RankBenchmarks.all), (RankSimulation.name, RankSimulation.all),
  ]

  /// Returns the measurements of these names, in the table's order; those of one machine for nil.
  ///
  /// - Throws: `ConfigurationError` about `--only` for an unknown name.
  static func selection(_ names: [String]?) throws(ConfigurationError) -> [Benchmark] {
    guard let names else { return all }
    let known = all.map(\.name) + groups.flatMap { [$0.name] + $0.benchmarks.map(\.name) }
    for name in names where !known.contains(name) {
      let nearest = NearestMatch.find(name, among: known)
      let suggestion = nearest.map { "Did you mean '\($0)'?" }
      throw ConfigurationError(
        "--only \(name) is not a measurement. "
          + (suggestion ?? "There are \(known.joined(separator: ", "))."),
        option: "only")
    }
    return all.filter { names.contains($0.name) }
      + groups.flatMap { group in
        group.benchmarks.filter { names.contains(group.name) || names.contains($0.name) }
      }
  }
}
