public import Foundation
import Rollout

/// A receiver of a run's metrics, such as a file or a connection to a program that draws them.
///
/// ```swift
/// var parts = TrainingParts()
///
/// struct Alarm: MetricsSink {
///   func append(_ record: MetricsRecord) {
///     if let entropy = record["entropy"], entropy < 0.05 { print("nearly certain") }
///   }
/// }
///
/// parts.sinks = [Alarm()]
/// ```
///
/// The sinks of `--log` are the files `metrics.jsonl`, `metrics.csv` and TensorBoard's event files.
/// An error of ``append(_:)`` or ``flush()`` does not end the run: it is reported once, and the
/// sink receives the next record.
public protocol MetricsSink {
  /// Prepares the sink before the first record.
  ///
  /// The default does nothing.
  ///
  /// - Parameter run: the run; its position tells which earlier records are to be removed.
  /// - Throws: any error, which ends the run before it trains.
  mutating func begin(_ run: RecordedRun) throws

  /// Adds a record.
  ///
  /// - Throws: any error, which is reported once.
  mutating func append(_ record: MetricsRecord) throws

  /// Writes records that are held back; called at each save and at the end of the run.
  ///
  /// The default does nothing.
  ///
  /// - Throws: any error, which is reported once.
  mutating func flush() throws
}

extension MetricsSink {
  /// Does nothing: the sink needs no preparation.
  public func begin(_ run: RecordedRun) {}

  /// Does nothing: no record is held back.
  public func flush() {}
}

/// A run whose metrics are recorded.
public struct RecordedRun: Sendable {
  /// The run's directory.
  public let directory: URL
  /// The options of the run as a JSON object, one line per option.
  public let configuration: String
  /// The table of the policy's layers.
  public let network: String
  /// The position from which the run resumes; nil for a new run.
  ///
  /// Records of more updates or more environment steps belong to a part of the run that was lost.
  public let position: (updates: Int, steps: Int)?
}

/// The files of metrics, as `--log` names them.
public enum MetricsFile: String, Sendable, CaseIterable {
  /// `metrics.jsonl`: one JSON object per line.
  case jsonl
  /// `metrics.csv`: one line of comma-separated values per record, without histograms.
  case csv
  /// `events.out.tfevents.…`: event files of TensorBoard.
  case tensorboard

  /// Opens or creates the file in the directory of a run.
  ///
  /// - Throws: `RecordError` if it cannot be opened for writing.
  public func makeSink(in directory: RunDirectory) throws(RecordError) -> any MetricsSink {
    switch self {
    case .jsonl: try JSONLinesSink(appendingTo: directory.metrics)
    case .csv: try CSVSink(appendingTo: directory.metricsTable)
    case .tensorboard: TensorBoardSink()
    }
  }
}

/// The interval between two records of metrics.
public enum MetricsInterval: Sendable, Equatable {
  /// A number of updates.
  case updates(Int)
  /// A number of seconds.
  case seconds(Double)
}

/// The sinks of a run, none of which can end it.
struct MetricsSinks {
  private var sinks: [any MetricsSink]
  /// The indices of the sinks that failed.
  private var failed: Set<Int> = []
  private let say: (String) -> Void

  /// Prepares sinks.
  ///
  /// - Parameter say: prints a sentence.
  /// - Throws: the first error of a sink.
  init(_ sinks: [any MetricsSink], for run: RecordedRun, say: @escaping (String) -> Void) throws {
    self.sinks = sinks
    self.say = say
    for index in sinks.indices { try self.sinks[index].begin(run) }
  }

  /// Adds a record to every sink.
  mutating func append(_ record: MetricsRecord) {
    forEach { (sink) throws in try sink.append(record) }
  }

  /// Writes the records that are held back.
  mutating func flush() {
    forEach { (sink) throws in try sink.flush() }
  }

  private mutating func forEach(_ body: (inout any MetricsSink) throws -> Void) {
    for index in sinks.indices {
      do {
        try body(&sinks[index])
      } catch {
        guard failed.insert(index).inserted else { continue }
        say("\(error); training goes on, and further failures of these metrics are not reported")
      }
    }
  }
}
