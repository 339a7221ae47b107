import Synchronization

/// The warnings of environments and libraries: each is shown once in a run, and then counted.
package final class RepeatedLines: Sendable {
  /// The lines of this process.
  package static let shared = RepeatedLines()

  /// The byte before a line of a worker's log that the learner shows once.
  static let mark: UInt8 = 1
  /// The number of different lines that are kept; further ones are all shown.
  private static let capacity = 1000

  private struct State {
    /// The learner shows the lines, and this process only marks them.
    var isForwarding = false
    var counts: [String: Int] = [:]
    var order: [String] = []
  }

  private let state = Mutex(State())

  /// Passes all lines on, with a mark on those that the learner shows once.
  package func forwardAll() { state.withLock { $0.isForwarding = true } }

  /// Returns the text to show for a line; nil if the same line was shown before.
  ///
  /// - Parameter repeats: true if libraries say the line for each environment. Otherwise only
  ///   warnings are shown once.
  func shown(_ line: String, repeats: Bool) -> String? {
    guard repeats || line.lowercased().contains("warn") else { return line }
    return state.withLock { state in
      if state.isForwarding { return String(UnicodeScalar(Self.mark)) + line }
      guard state.counts[line] != nil || state.counts.count < Self.capacity else { return line }
      state.counts[line, default: 0] += 1
      guard state.counts[line] == 1 else { return nil }
      state.order.append(line)
      return line
    }
  }

  /// Passes a note about an environment to `say`, the first time in the learner's process.
  func note(_ sentence: String, _ say: (String) -> Void) {
    let isNew = state.withLock { state in
      guard !state.isForwarding, state.counts[sentence] == nil else { return false }
      state.counts[sentence] = 1
      return true
    }
    if isNew { say(sentence) }
  }

  /// The lines that were not shown each time, with their numbers, and forgets them.
  package func takeSummary() -> [String] {
    state.withLock { state in
      // Python shows the source of a warning in an indented line below it.
      defer { (state.counts, state.order) = ([:], []) }
      return state.order.compactMap { line in
        guard let count = state.counts[line], count > 1, line.first?.isWhitespace == false else {
          return nil
        }
        return "\(count) times: \(line)"
      }
    }
  }
}
