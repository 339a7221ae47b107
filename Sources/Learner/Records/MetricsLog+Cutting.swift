import Foundation
import Glibc
import Rollout

extension MetricsLog {
  /// What is read of a line.
  private struct Line: Decodable {
    var env_steps: Int
    var updates: Int
    var eval_return: Double?
  }

  /// Makes sure that no other process writes to the file, until the log is closed or this process ends.
  ///
  /// - Throws: `RecordError` when another one does.
  func claim() throws(RecordError) {
    do {
      guard try SystemCalls.lock(file.rawValue) else {
        throw RecordError(
          .occupied, path: path,
          "another process is still at this run (it writes to '\(path)'); stop it first")
      }
    } catch let error as RecordError {
      throw error
    } catch {
      // A file system without locks promises nothing.
    }
  }

  /// Removes the lines of later updates and steps from the end of the file, and a line that is not whole.
  ///
  /// Both are asked for, since not every step is followed by an update.
  ///
  /// - Returns: the evaluations among them, last first.
  /// - Throws: `RecordError`; the file is then as it was.
  func cut(
    beyond updates: Int, steps: Int
  ) throws(RecordError) -> [EvaluationMark] {
    do {
      let content = try SystemCalls.contents(of: fullPath)
      let newline = UInt8(ascii: "\n")
      var end = content.lastIndex(of: newline).map { $0 + 1 } ?? 0
      var evaluations: [EvaluationMark] = []
      while end > 0 {
        let start = content[..<(end - 1)].lastIndex(of: newline).map { $0 + 1 } ?? 0
        let line = try? JSONDecoder().decode(Line.self, from: Data(content[start..<end]))
        if let line {
          if line.updates <= updates, line.env_steps <= steps { break }
          if let mean = line.eval_return {
            evaluations.append(EvaluationMark(steps: line.env_steps, meanReturn: mean))
          }
        }
        end = start
      }
      if end < content.count { try SystemCalls.truncate(file.rawValue, to: end) }
      return evaluations
    } catch {
      throw RecordError(cannot: "shorten", path: path, error.code)
    }
  }
}
