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
    let settings = BenchmarkSettings(
      seconds: options.seconds, workerExecutable: workerExecutable)
    var object = OrderedJSON()
    if !options.endsWithJSON { print(machine.text) }
    for benchmark in benchmarks {
      let figures = try benchmark.measure(settings)
      for figure in figures { object.set(figure.name, figure.value) }
      if !options.endsWithJSON { print(line(of: benchmark, figures)) }
    }
    if options.endsWithJSON {
      object.set("seconds_per_measurement", options.seconds)
      object.set("machine", machine.json)
      print(object.encoded())
    }
    return 0
  }

  /// Returns name, figure and explanation; columns fit all measurements, selected or not.
  private static func line(of benchmark: Benchmark, _ figures: [BenchmarkFigure]) -> String {
    let width = BenchmarkSuite.all.map(\.name.count).max() ?? 0
    let name = benchmark.name + String(repeating: " ", count: width - benchmark.name.count)
    let value = NumberText.right(figures.first?.text ?? "", 18)
    let remarks = [benchmark.summary] + figures.dropFirst().map(\.text)
    return "\(name)  \(value)  \(remarks.joined(separator: "; "))"
  }
}
