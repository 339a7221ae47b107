import Learner
import Rollout

/// Runs `rlplay bench`.
enum BenchCommand {
  static func run(_ options: BenchOptions, workerExecutable: String? = nil) throws -> Int32 {
    let benchmarks = try BenchmarkSuite.selection(options.only)
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
    for benchmark in benchmarks {
      let figures = try benchmark.measure(settings)
      for figure in figures { object.set(figure.name, figure.value) }
      if !options.endsWithJSON && speaks { print(line(of: benchmark, figures)) }
    }
    if measuresRanks {
      let remark = try RankBenchmarks.finish(settings.ranks, &object)
      if !options.endsWithJSON && speaks { print(remark) }
    }
    if options.endsWithJSON && speaks {
      object.set("seconds_per_measurement", options.seconds)
      object.set("machine", machine.json)
      print(object.encoded())
    }
    return 0
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
