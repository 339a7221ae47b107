import Foundation

/// The standard error of a process, split into lines.
///
/// It keeps the last lines for error messages. Warnings, and lines that libraries repeat for each
/// environment while it is made, are passed on once by all logs of a program; ``RepeatedLines``
/// counts the others.
package struct ProcessLog {
  private var pending: [UInt8] = []
  /// The last three lines that were not blank.
  package private(set) var lastWords: [String] = []

  /// Creates an empty log.
  package init() {}

  /// Appends bytes and passes the lines that they complete to `line`.
  ///
  /// - Parameter repeats: true if the lines are said for each environment.
  package mutating func take(
    _ bytes: [UInt8], repeats: Bool = false, _ line: (String) -> Void
  ) {
    pending.append(contentsOf: bytes)
    while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
      note(pending[..<end], repeats: repeats, line)
      pending.removeFirst(end + 1)
    }
    // A process that never ends a line must not exhaust this process's memory.
    if pending.count > 1 << 16 { flush(line) }
  }

  /// Passes the remaining incomplete line to `line`.
  package mutating func flush(_ line: (String) -> Void) {
    if !pending.isEmpty { note(pending[...], repeats: false, line) }
    pending = []
  }

  private mutating func note(_ bytes: ArraySlice<UInt8>, repeats: Bool, _ line: (String) -> Void) {
    let isMarked = bytes.first == RepeatedLines.mark
    let text = String(decoding: isMarked ? bytes.dropFirst() : bytes, as: UTF8.self)
    guard !text.allSatisfy(\.isWhitespace) else { return }
    lastWords = lastWords.suffix(2) + [text]
    if let shown = RepeatedLines.shared.shown(text, repeats: repeats || isMarked) { line(shown) }
  }
}
