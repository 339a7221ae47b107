import Learner
import Rollout

/// The options for the output of `rlplay train`; they do not influence learning.
struct TrainPresentation: Equatable, Sendable {
  /// True to show only errors and the final result, without progress.
  var isQuiet = false
  /// True to show progress on the whole terminal.
  var showsDashboard = false
  /// True to end standard output with one JSON object.
  var endsWithJSON = false
  /// True to stop when the other end of standard input is closed.
  var stopsWithInput = false
  /// The choice of processes that train one policy together.
  var ranks = RankChoice.auto

  static let settings: [Setting<TrainPresentation>] = [
    Setting(
      "ranks", "auto|off", \.ranks, .choice, in: .run,
      "auto: the processes that mpirun or srun starts train one policy together; off: each trains "
        + "its own."),
    Setting(
      "quiet", \.isQuiet, negatable: false, in: .output,
      "Show no progress, only the result and problems."),
    Setting(
      "dashboard", \.showsDashboard, negatable: false, in: .output,
      "Show progress on the whole terminal: speed, workers, returns, losses, messages."),
    Setting(
      "json", \.endsWithJSON, negatable: false, in: .output,
      "End standard output with one JSON object that holds the result."),
    Setting(
      "stop-with-input", \.stopsWithInput, negatable: false, in: .output,
      "Stop as after SIGTERM when the pipe of standard input is closed, as at the death of the "
        + "program that started this one."),
  ]
}

/// The choice of processes that train one policy together.
enum RankChoice: String, Sendable, CaseIterable {
  /// All that a launcher of MPI started.
  case auto
  /// This process alone.
  case off
}

extension TrainPresentation {
  /// Returns a summary of the run for display.
  static func text(
    _ summary: TrainingSummary, of configuration: TrainingConfiguration
  ) -> String {
    let rate = NumberText.short(summary.stepsPerSecond)
    var sentence = """
      \(NumberText.grouped(summary.steps)) steps and \
      \(NumberText.grouped(summary.updates)) updates in \
      \(NumberText.fixed(summary.seconds, 2)) s (\(rate) steps/s), \
      mean lag \(NumberText.fixed(summary.meanLag, 1))
      """
    if summary.skippedUpdates > 0 {
      sentence += ", \(NumberText.grouped(summary.skippedUpdates)) updates skipped"
    }
    if summary.restarts > 0 { sentence += ", \(summary.restarts) workers replaced" }
    if summary.droppedFragments > 0 {
      sentence += ", \(NumberText.grouped(summary.droppedFragments)) fragments dropped"
    }
    if let mean = summary.evaluationReturn {
      sentence += ", evaluation return \(NumberText.fixed(mean, 1))"
    }
    var lines = [sentence, "seed \(summary.seed), saved in \(summary.runDirectory)"]
    if let step = summary.collapseStep {
      lines.append(
        "the policy collapsed: entropy and gradient were close to 0 at "
          + "\(NumberText.grouped(step)) steps and the return had fallen below a quarter of the "
          + "best")
    }
    if let best = summary.best, let checkpoint = summary.bestCheckpoint {
      lines.append(
        "best evaluation return \(NumberText.fixed(best.meanReturn, 1)) at "
          + "\(NumberText.grouped(best.steps)) steps, in \(checkpoint)")
    }
    lines.append("play it with: \(evaluation(of: summary.runDirectory, configuration.environment))")
    return lines.joined(separator: "\n")
  }

  /// Returns the command that plays a run's best weights.
  private static func evaluation(
    of directory: String, _ environment: EnvironmentConfiguration
  ) -> String {
    var words = [ProgramName.shown, "evaluate", directory]
    if environment.startsProgram { words.append("--trust") }
    if environment.usesPython, environment.python != EnvironmentConfiguration.usualPython {
      words += ["--python", environment.python]
    }
    return words.map(\.shellQuoted).joined(separator: " ")
  }
}
