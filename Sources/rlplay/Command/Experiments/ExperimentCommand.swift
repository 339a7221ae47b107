import Foundation
import Glibc
import Learner
import Rollout

/// `rlplay train` of several runs, which `--seeds` or `--sweep` asks for.
struct ExperimentCommand: Runnable, Equatable {
  let experiment: Experiment
  let presentation: TrainPresentation

  /// Trains the runs and prints their results.
  func run() throws -> Int32 {
    if presentation.ranks == .auto { try RankedTraining.refuse("train --seeds or --sweep") }
    // Found before anything is created: the options of each run, as it chooses them by itself. An
    // environment that is not built in is asked for its spaces, which are kept.
    var experiment = experiment
    for index in experiment.runs.indices {
      let run = experiment.runs[index]
      if let adaptation = try run.configuration.adapted(keeping: run.given) {
        experiment.runs[index].configuration = adaptation.configuration
      } else if !run.configuration.environment.startsProgram {
        _ = try run.configuration.environment.spaces()
      }
    }
    Interruption.listen()
    if presentation.stopsWithInput { Interruption.stop(whenClosed: STDIN_FILENO) }
    let runner = try ExperimentRunner(experiment, isQuiet: presentation.isQuiet)
    let jobCount = experiment.jobCount(processors: SystemCalls.coreCount)
    if !presentation.isQuiet {
      print(
        "\(experiment.runs.count) runs in \(runner.directory.relativePath), at most \(jobCount) "
          + "at once")
    }
    runner.train(jobCount: jobCount)
    let report = ExperimentReport(runner.results, in: runner.directory)
    print(presentation.endsWithJSON ? report.json.encoded() : report.text)
    if !presentation.endsWithJSON, runner.results.contains(where: { !$0.isFinal }) {
      let words = experiment.words + ["--run-dir", runner.directory.relativePath]
      print(
        "continue with: "
          + ([ProgramName.shown] + words).map(\.shellQuoted).joined(separator: " "))
    }
    return runner.exitCode
  }
}
