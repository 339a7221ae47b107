import Foundation
import Glibc
import Learner
import Rollout

/// A run with its records and its state.
struct RecordedRun {
  let directory: RunDirectory
  /// The options of the run; nil if they cannot be read.
  let configuration: TrainingConfiguration?
  private(set) var state: RunOverview.State
  /// The sentence of the error that ended the run; nil without one.
  private(set) var error: String?
  private(set) var metrics: RunMetrics
  /// Sentences about files that are there and cannot be read.
  let faults: [String]

  /// Reads a run.
  init(_ directory: RunDirectory) {
    self.directory = directory
    configuration = try? TrainingConfiguration(contentsOf: directory.configuration.path)
    // The state comes first: the records of a run that has ended are complete.
    (state, error) = RunOverview.state(of: directory)
    metrics = RunMetrics(of: directory)
    faults = [directory.configuration, directory.metrics].compactMap(Self.fault)
    _ = metrics.update()
  }

  private static func fault(of url: URL) -> String? {
    do {
      _ = try SystemCalls.openFile(url.path)
      return nil
    } catch {
      guard error.code != ENOENT else { return nil }
      return "'\(url.relativePath)' is left out: \(error.reason)."
    }
  }

  /// Reads the state and the new records.
  ///
  /// - Returns: true if there is anything new.
  mutating func update() -> Bool {
    let former = state
    (state, error) = RunOverview.state(of: directory)
    return metrics.update() || state != former
  }

  /// The environment steps learned from; nil without records.
  var steps: Int? { last("env_steps").flatMap { Int(exactly: $0) } }
  /// The mean return of the newest evaluation.
  var lastReturn: Double? { last("eval_return") }
  /// The largest mean return of an evaluation.
  var bestReturn: Double? { metrics.columns["eval_return"]?.values.max() }

  /// The version and the machine that `config.json` names.
  var machine: String? {
    guard
      let data = try? SystemCalls.contents(of: directory.configuration.path, atMost: 1 << 20),
      case .object(let object)? = try? JSONReader.value(of: Data(data)),
      case .object(let about)? = object[TrainingConfiguration.remarkKey]
    else { return nil }
    return about.entries.map { "\($0.key) \($0.value.text)" }.joined(separator: ", ")
  }

  /// Returns the newest number of a metric.
  func last(_ metric: String) -> Double? { metrics.columns[metric]?.values.last }
}
