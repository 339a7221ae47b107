import Learner
import Rollout

/// `rlplay bench`.
struct BenchCommand: Subcommand, Equatable {
  /// The duration of each measurement in seconds.
  var seconds = 1.0
  /// The measurements to run; nil for all.
  var only: [String]?
  /// The environment to measure instead; its name is empty for none.
  var environment: EnvironmentConfiguration = ""
  /// The number of environments in its batch.
  var environmentCount = 8
  /// The number of rounds; each makes every measurement once.
  var rounds = 1
  /// The file of an earlier run's object to compare with; nil for none.
  var comparedFile: String?
  /// True to end standard output with one JSON object.
  var endsWithJSON = false

  static let settings: [Setting<BenchCommand>] = [
    Setting("seconds", "S", \.seconds, .number, in: .options, "Seconds for each measurement."),
    Setting(
      "only", "NAME,...", \.only, .optional(.names, orWord: "all"), in: .options,
      "Measurements to run, by name."),
    Setting(
      "env", "NAME", \.environment.id, .text, in: .options,
      "Measure an environment instead, with random actions in one process."),
    .environmentArguments(\.environment.arguments, in: .options),
    .episodeLimit(\.environment.limit, in: .options),
    .python(\.environment.python, in: .options),
    .gymnasiumWrappers(\.environment.gymnasiumWrappers, in: .options),
    .wrappers(\.environment.wrappers, in: .options),
    Setting(
      "envs-per-actor", "N", \.environmentCount, .integer, in: .options,
      "Environments in the batch, with --env."),
    Setting(
      "rounds", "N", \.rounds, .integer, in: .options,
      "Rounds of all measurements; a figure is the median of its rounds."),
    Setting(
      "compare", "FILE|none", \.comparedFile, .optional(.text, orWord: "none"), in: .options,
      "Compare the figures with those of a file that --json wrote; exit code 1 if one is slower "
        + "beyond its noise."),
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .options,
      "End standard output with one JSON object that holds the figures."),
  ]

  mutating func complete(_ parsed: ParsedArguments) throws(ConfigurationError) {
    guard seconds > 0, seconds <= 3600 else {
      let text = SettingFormat<Double>.number.value(seconds).text
      throw ConfigurationError(
        "--seconds \(text) is out of range: use more than 0 and up to 3600.", option: "seconds")
    }
    try ConfigurationError.check("rounds", rounds, in: 1...1000)
    try ConfigurationError.check("envs-per-actor", environmentCount, in: 1...65_536)
    try EpisodeLimit.validate(environment.limit)
    let own = ["env-args", "max-episode-steps", "python", "gym-wrap", "wrap", "envs-per-actor"]
    if environment.id.isEmpty, let name = own.first(where: { parsed.values[$0] != nil }) {
      throw ConfigurationError(
        "--\(name) is for the environment of --env: name one, such as --env CartPole-v1.",
        option: name)
    }
    if !environment.id.isEmpty, only != nil {
      throw ConfigurationError(
        "--env and --only exclude each other: give one of them.", option: "only")
    }
  }

  func run() throws -> Int32 { try run(workerExecutable: nil) }

  /// Measures with another program as the workers.
  func run(workerExecutable: String?) throws -> Int32 {
    let benchmarks =
      try environment.id.isEmpty
      ? BenchmarkSuite.selection(only)
      : [EnvironmentBenchmarks.batch(of: environment, count: environmentCount)]
    let saved = try comparedFile.map { path in try SavedFigures(contentsOfFile: path) }
    let machine = Machine.current
    if machine.isDebugBuild {
      reportOnStandardError(
        "Warning: this is a debug build, and its figures mean little: use swift build -c release.")
    }
    var settings = BenchmarkSettings(
      seconds: seconds, workerExecutable: workerExecutable)
    let measuresRanks = benchmarks.contains { $0.name.hasPrefix(RankBenchmarks.name) }
    if measuresRanks { settings.ranks = try RankBenchmarks.join() }
    let speaks = settings.ranks.rank == 0
    var object = OrderedJSON()
    if !endsWithJSON && speaks { print(machine.text) }
    var measured: [MeasuredFigure] = []
    // Rounds of all measurements, so that a change of the machine's speed affects each of them.
    for round in 1...rounds {
      for benchmark in benchmarks {
        var figures = try benchmark.measure(settings)
        for index in figures.indices {
          figures[index].value = Self.add(figures[index], to: &measured)
        }
        if round == rounds, !endsWithJSON, speaks {
          print(Self.line(of: benchmark, figures))
        }
      }
    }
    for figure in measured { object.set(figure.name, figure.value) }
    if measuresRanks {
      let remark = try RankBenchmarks.finish(settings.ranks, &object)
      if !endsWithJSON && speaks { print(remark) }
    }
    let compared = saved.map { saved in measured.compactMap { saved.compare($0) } }
    if let compared, compared.isEmpty, let path = comparedFile {
      throw ConfigurationError(
        "--compare \(path) has none of the measured figures: measure the same ones with --only.",
        option: "compare")
    }
    let slower = compared?.filter(\.isSlower)
    if let saved, let slower, speaks {
      let differences = [saved.difference(from: machine), saved.difference(from: environmentJSON)]
      Self.report(slower, differences.compactMap(\.self))
    }
    if endsWithJSON && speaks {
      if rounds > 1 { object.set(MeasuredFigure.quartilesName, Self.quartiles(of: measured)) }
      if let slower { object.set("slower", slower.map(\.figure.name)) }
      object.set("seconds_per_measurement", seconds)
      if !environment.id.isEmpty { object.set(SavedFigures.environmentName, environmentJSON) }
      object.set("machine", machine.json)
      print(object.encoded())
    }
    return slower?.isEmpty == false ? 1 : 0
  }

  /// Adds a figure of one more round and returns the median so far.
  private static func add(_ figure: BenchmarkFigure, to measured: inout [MeasuredFigure]) -> Double
  {
    guard let index = measured.firstIndex(where: { $0.name == figure.name }) else {
      measured.append(
        MeasuredFigure(name: figure.name, unit: figure.unit, samples: [figure.value]))
      return figure.value
    }
    measured[index].samples.append(figure.value)
    return measured[index].value
  }

  private static func quartiles(of measured: [MeasuredFigure]) -> OrderedJSON {
    var object = OrderedJSON()
    for figure in measured {
      object.set(figure.name, [figure.range.lowerBound, figure.range.upperBound])
    }
    return object
  }

  /// The environment that is measured, and the number of its batch.
  private var environmentJSON: OrderedJSON {
    var object = OrderedJSON()
    object.set(environment)
    object.set("envs_per_actor", environmentCount)
    return object
  }

  /// Reports a comparison on standard error.
  private static func report(_ slower: [FigureComparison], _ differences: [String]) {
    for difference in differences { reportOnStandardError("Warning: \(difference).") }
    for comparison in slower { reportOnStandardError(comparison.text) }
    if slower.isEmpty {
      reportOnStandardError("No figure is slower than before, beyond its noise.")
    }
  }

  /// Returns name, figure and explanation; columns fit all measurements of one machine.
  private static func line(of benchmark: Benchmark, _ figures: [BenchmarkFigure]) -> String {
    let width = BenchmarkSuite.all.map(\.name.count).max() ?? 0
    let name = NumberText.left(benchmark.name, width)
    let value = NumberText.right(figures.first?.text ?? "", 18)
    let remarks =
      [benchmark.summary] + figures.compactMap(\.remark) + figures.dropFirst().map(\.text)
    return "\(name)  \(value)  \(remarks.joined(separator: "; "))"
  }
}

extension Command {
  static let bench = Command(
    BenchCommand.self,
    name: "bench",
    summary: "Measure this machine: environments, collection, training, kernels.",
    runsInRanks: true)
}
