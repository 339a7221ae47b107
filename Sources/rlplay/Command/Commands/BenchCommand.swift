import Learner
import Rollout

/// Runs `rlplay bench`.
enum BenchCommand {
  static func run(_ options: BenchOptions, workerExecutable: String? = nil) throws -> Int32 {
    let benchmarks = try BenchmarkSuite.selection(options.only)
    let saved = try options.comparedFile.map { path in try SavedFigures(contentsOfFile: path) }
    let machine = Machine.current
    if machine.isDebugBuild {
      reportOnStandardError(
        "Warning: this is a debug build, and its figures mean little: use swift build -c release.")
    }
    var settings = BenchmarkSettings(
      seconds: options.seconds, workerExecutable: workerExecutable)
    let measuresRanks = benchmarks.contains { $0.name.hasPrefix(RankBenchmarks.name) }
    if measuresRanks { settings.ranks = try RankBenchmarks.join() }
    let speaks = settings.ranks.rank == 0
    var object = OrderedJSON()
    if !options.endsWithJSON && speaks { print(machine.text) }
    var measured: [MeasuredFigure] = []
    // Rounds of all measurements, so that a change of the machine's speed affects each of them.
    for round in 1...options.rounds {
      for benchmark in benchmarks {
        var figures = try benchmark.measure(settings)
        for index in figures.indices {
          figures[index].value = add(figures[index], to: &measured)
        }
        if round == options.rounds, !options.endsWithJSON, speaks {
          print(line(of: benchmark, figures))
        }
      }
    }
    for figure in measured { object.set(figure.name, figure.value) }
    if measuresRanks {
      let remark = try RankBenchmarks.finish(settings.ranks, &object)
      if !options.endsWithJSON && speaks { print(remark) }
    }
    let compared = saved.map { saved in measured.compactMap { saved.compare($0) } }
    if let compared, compared.isEmpty, let path = options.comparedFile {
      throw ConfigurationError(
        "--compare \(path) has none of the measured figures: measure the same ones with --only.",
        option: "compare")
    }
    let slower = compared?.filter(\.isSlower)
    if let saved, let slower, speaks { report(slower, saved.difference(from: machine)) }
    if options.endsWithJSON && speaks {
      if options.rounds > 1 { object.set(MeasuredFigure.quartilesName, quartiles(of: measured)) }
      if let slower { object.set("slower", slower.map(\.figure.name)) }
      object.set("seconds_per_measurement", options.seconds)
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

  /// Reports a comparison on standard error.
  private static func report(_ slower: [FigureComparison], _ difference: String?) {
    if let difference { reportOnStandardError("Warning: \(difference).") }
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
