import Foundation
import Learner
import Rollout

/// `rlplay runs`.
struct RunsCommand: Subcommand, Equatable {
  /// The directory of the runs; nil for `runs`.
  var directory: String?
  /// True to print the list as one JSON object.
  var endsWithJSON = false

  static let settings: [Setting<RunsCommand>] = [
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .options,
      "Show the list as one JSON object.")
  ]

  mutating func complete(_ parsed: ParsedArguments) throws(ConfigurationError) {
    directory = parsed.argument
  }

  func run() throws -> Int32 {
    let parent =
      directory.map { URL(fileURLWithPath: $0, isDirectory: true) }
      ?? RunDirectory.defaultParent
    if directory != nil, FileLookup.isDirectory(parent.path) != true {
      throw RecordError(
        .notFound, path: parent.relativePath,
        "there is no directory '\(parent.relativePath)'; name one that has runs in it")
    }
    let runs = RunOverview.all(in: parent)
    if endsWithJSON {
      print(Self.json(runs))
    } else if runs.isEmpty {
      print(
        "no runs in '\(parent.relativePath.escapingControls)'; begin one with "
          + "'\(ProgramName.shown) train'")
    } else {
      print(Self.table(runs))
    }
    return 0
  }

  private static func table(_ runs: [RunOverview]) -> String {
    let titles = ["run", "state", "environment", "algorithm", "steps", "of", "last", "best"]
    let rows = runs.map { run in
      [
        run.directory.path.escapingControls, run.state.rawValue,
        run.configuration?.environment.id.escapingControls ?? "?",
        run.configuration?.algorithm.name ?? "?", run.steps.map(NumberText.grouped) ?? "?",
        run.configuration.map { NumberText.grouped($0.totalSteps) } ?? "?",
        run.lastReturn.map { NumberText.fixed($0, 1) } ?? "–",
        run.bestReturn.map { NumberText.fixed($0, 1) } ?? "–",
      ]
    }
    return TextTable.text(titles, rows, leftColumns: 4)
  }

  private static func json(_ runs: [RunOverview]) -> String {
    var result = OrderedJSON()
    result.set(
      "runs",
      runs.map { run in
        var object = OrderedJSON()
        object.set("run_dir", run.directory.path)
        object.set("state", run.state.rawValue)
        object.set("error", run.error)
        object.set("environment", run.configuration?.environment.id)
        object.set("algorithm", run.configuration?.algorithm.name)
        object.set("env_steps", run.steps)
        object.set("total_steps", run.configuration?.totalSteps)
        object.set("eval_return", run.lastReturn)
        object.set("best_return", run.bestReturn)
        return object
      })
    return result.encoded()
  }
}

extension Command {
  static let runs = Command(
    RunsCommand.self,
    name: "runs",
    summary: "List the runs, the newest first, with their states and results.",
    argument: CommandArgument(
      placeholder: "DIR", help: "The directory of the runs; runs/ if none is named."))
}
