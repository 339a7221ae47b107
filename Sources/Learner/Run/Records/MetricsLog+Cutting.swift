import Foundation
import Glibc
import Rollout

extension MetricsLog {
  /// The decoded fields of a line.
  private struct Line: Decodable {
    var env_steps: Int
    var updates: Int
    var eval_return: Double?
  }

  /// Locks the file against other processes until the log is closed or this process ends.
  ///
  /// - Throws: `RecordError` if another process holds the lock.
  func claim() throws(RecordError) {
    do {
      guard try SystemCalls.lock(file.rawValue) else {
        throw RecordError(
          .occupied, path: path,
          "this run is still active in another process, which writes to '\(path)'; stop it first")
      }
    } catch let error as RecordError {
      throw error
    } catch {
      // On a file system without locks, the file stays unlocked.
    }
  }

  /// Removes the lines after an update and a step from the end of the file, and an incomplete line.
  ///
  /// Both limits are needed, because not every step is followed by an update.
  ///
  /// - Returns: the evaluations in the removed lines, last first.
  /// - Throws: `RecordError`. The file is then unchanged.
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
