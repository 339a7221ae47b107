import Foundation
import Learner
import Rollout

/// The results of an experiment as a table and as JSON.
struct ExperimentReport {
  let directory: URL
  let results: [ExperimentResult]
  let setups: [ExperimentSetup]

  init(_ results: [ExperimentResult], in directory: URL) {
    self.directory = directory
    self.results = results
    setups = ExperimentSetup.sorted(results)
  }

  /// The table, the runs without a result, and the command that trains the best run.
  var text: String {
    let hasTarget = results.contains { $0.run.configuration.untilReturn != nil }
    let figures: [ExperimentFigure] =
      [.last, .best] + (hasTarget ? [.stepsToReturn, .secondsToReturn] : [])
    let titles = ["set-up", "done"] + (hasTarget ? ["reached"] : []) + figures.map(\.title)
    let rows = setups.map { setup in
      let name = setup.values.map { "\($0.option)=\($0.text)" }.joined(separator: " ")
      let done = setup.results.count(where: \.isFinal)
      let counts = hasTarget ? [done, setup.results.count(where: \.hasReached)] : [done]
      return [name.isEmpty ? "all seeds" : name.escapingControls]
        + counts.map { "\($0)/\(setup.results.count)" } + figures.map { setup.text($0) }
    }
    var lines = [TextTable.text(titles, rows, leftColumns: 1)]
    for result in results where result.state != .done {
      let state = result.state?.rawValue ?? "not started"
      let reason = result.error.map { ": " + $0.replacing("\n", with: "; ") } ?? ""
      lines.append("\(result.run.name) \(state)\(reason)")
    }
    if let best = setups.first?.bestResult {
      lines.append("best run: \(best.directory.path), trained by: \(best.command)")
    }
    return lines.joined(separator: "\n")
  }

  var json: OrderedJSON {
    var object = OrderedJSON()
    object.set("directory", directory.relativePath)
    object.set("setups", setups.map(\.json))
    let best = setups.first?.bestResult
    object.set("best_run", best?.directory.path)
    object.set("best_command", best?.command)
    return object
  }

  /// Writes `experiment.json`.
  ///
  /// - Throws: `RecordError` if it cannot be written.
  func write() throws(RecordError) {
    try AtomicFile.write(
      Data((json.encoded() + "\n").utf8), to: RunDirectory.experiment(in: directory))
  }
}
