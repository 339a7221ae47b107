import Foundation

/// A process's standard error, cut into lines, with its last words kept.
package struct ProcessLog {
  private var pending: [UInt8] = []
  /// The last lines that were not empty.
  package private(set) var lastWords: [String] = []

  /// Begins an empty log.
  package init() {}

  /// Takes bytes and hands out the lines that they complete.
  package mutating func take(_ bytes: UnsafeRawBufferPointer, _ line: (String) -> Void) {
    pending.append(contentsOf: bytes)
    while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
      note(Array(pending[..<end]), line)
      pending.removeFirst(end + 1)
    }
    // A process that never ends its line must not fill this process's memory.
    if pending.count > 1 << 16 { flush(line) }
  }

  /// Hands out what is left when the process is gone.
  package mutating func flush(_ line: (String) -> Void) {
    if !pending.isEmpty { note(pending, line) }
    pending = []
  }

  private mutating func note(_ bytes: [UInt8], _ line: (String) -> Void) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard !text.allSatisfy(\.isWhitespace) else { return }
    lastWords = lastWords.suffix(2) + [text]
    line(text)
  }
}
