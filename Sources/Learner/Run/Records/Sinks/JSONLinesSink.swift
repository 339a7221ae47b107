import Foundation
import Rollout

/// The file `metrics.jsonl`: one JSON object per line.
final class JSONLinesSink: MetricsSink {
  private let file: RecordFile
  /// The evaluations in the lines that were removed on resuming, last first.
  private(set) var lostEvaluations: [EvaluationMark] = []

  /// The decoded fields of a line.
  private struct Line: Decodable {
    var env_steps: Int
    var updates: Int
    var eval_return: Double?
    var eval_env_steps: Int?
  }

  /// Opens the file, or creates it; existing lines are kept.
  ///
  /// - Throws: `RecordError` if it cannot be opened for writing.
  init(appendingTo url: URL) throws(RecordError) { file = try RecordFile(appendingTo: url) }

  func begin(_ run: RecordedRun) throws(RecordError) {
    guard let position = run.position else { return }
    lostEvaluations = try cut(beyond: position.updates, steps: position.steps)
  }

  func append(_ record: MetricsRecord) throws(RecordError) {
    try file.append((record.object.encoded() + "\n").utf8)
  }

  func flush() throws(RecordError) { try file.flush() }

  /// Removes the lines after an update and a step from the end of the file, and an incomplete line.
  ///
  /// Both limits are needed, because not every step is followed by an update.
  ///
  /// - Returns: the evaluations in the removed lines, last first.
  /// - Throws: `RecordError`. The file is then unchanged.
  func cut(beyond updates: Int, steps: Int) throws(RecordError) -> [EvaluationMark] {
    var evaluations: [EvaluationMark] = []
    try file.cutLines { text in
      guard let line = try? JSONDecoder().decode(Line.self, from: Data(text)) else { return false }
      if line.updates <= updates, line.env_steps <= steps { return true }
      if let mean = line.eval_return {
        evaluations.append(
          EvaluationMark(
            steps: line.eval_env_steps ?? line.env_steps, meanReturn: mean))
      }
      return false
    }
    return evaluations
  }
}
