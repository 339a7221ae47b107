import Foundation
import TestSupport
import Testing

/// Tests with real processes, run one after the other.
///
/// They measure times, and the machine may be small.
@Suite(.serialized, .timeLimit(.minutes(10)))
enum ProcessTests {
  /// Starts a small, quiet training run in a subdirectory.
  static func train(
    _ options: String..., in directory: ScratchDirectory, name: String = "run"
  ) throws -> RunningProgram {
    try RunningProgram(
      Executable.rlplay,
      ["train", "--quiet", "--json", "--eval-every", "0", "--run-dir", directory.path(name)]
        + options, in: directory.url)
  }

  /// Starts a training run with a faulty environment.
  ///
  /// Three workers step two environments each, with 25 steps per fragment and 100 per update.
  static func trainFaulty(
    _ environment: String, _ options: [String: Any] = [:], in directory: ScratchDirectory
  ) throws -> RunningProgram {
    var all: [String: Any] = [
      "env": environment, "steps": 20000, "actors": 3, "buffers": 6, "envs-per-actor": 2,
      "eval-every": 0, "eval-workers": 0, "run-dir": directory.path("run"),
    ]
    all.merge(options) { $1 }
    let json = try JSONSerialization.data(withJSONObject: all)
    return try RunningProgram(
      Executable.faultyTrainer, [String(decoding: json, as: UTF8.self)], in: directory.url)
  }
}

extension RunningProgram.Outcome {
  /// The messages about dead workers that were replaced.
  var deaths: [String] { errorLines.filter { $0.hasSuffix("; it is replaced") } }

  /// Returns an integer of the JSON object at the end of standard output.
  func count(_ name: String) -> Int? { json[name] as? Int }
}
