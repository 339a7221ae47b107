import Foundation
import TestSupport
import Testing

/// Tests over real processes, one after the other: they measure times, and the machine may be small.
@Suite(.serialized, .timeLimit(.minutes(1)))
enum ProcessTests {
  /// Starts a small, quiet training run in a directory of its own.
  static func train(
    _ options: String..., in directory: ScratchDirectory, name: String = "run"
  ) throws -> RunningProgram {
    try RunningProgram(
      Executable.rlplay,
      ["train", "--quiet", "--json", "--eval-every", "0", "--run-dir", directory.path(name)]
        + options, in: directory.url)
  }

  /// Starts a training run of an environment that misbehaves.
  ///
  /// Three workers play two environments each, 25 steps to a fragment and 100 to an update.
  static func trainFaulty(
    _ environment: String, _ options: [String: Any] = [:], in directory: ScratchDirectory
  ) throws -> RunningProgram {
    var all: [String: Any] = [
      "env": environment, "steps": 20000, "actors": 3, "buffers": 6, "envs-per-actor": 2,
      "eval-every": 0, "run-dir": directory.path("run"),
    ]
    all.merge(options) { $1 }
    let json = try JSONSerialization.data(withJSONObject: all)
    return try RunningProgram(
      Executable.faultyTrainer, [String(decoding: json, as: UTF8.self)], in: directory.url)
  }
}

extension RunningProgram.Outcome {
  /// The sentences that report a death after which the run went on.
  var deaths: [String] { errorLines.filter { $0.hasSuffix("; it is replaced") } }

  /// A whole number of the object that ends standard output.
  func count(_ name: String) -> Int? { json[name] as? Int }
}
