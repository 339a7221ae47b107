import Glibc

/// Standard error as a terminal.
package enum Terminal {
  /// Writes text and ignores errors: a lost message must not end a run.
  package static func write(_ text: String) {
    try? SystemCalls.writeAll(STDERR_FILENO, Array(text.utf8))
  }

  /// True if standard error is a terminal that supports carriage return and clearing.
  package static var isInteractive: Bool {
    isatty(STDERR_FILENO) == 1 && getenv("TERM").map { strcmp($0, "dumb") != 0 } ?? false
  }

  /// Returns the width in columns, or 80 if it is unknown.
  package static func width() -> Int { size(of: STDERR_FILENO)?.columns ?? 80 }

  /// Returns the size of the terminal behind a descriptor; nil if it is unknown or not a terminal.
  static func size(of descriptor: Int32) -> (columns: Int, lines: Int)? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return (Int(size.ws_col), Int(size.ws_row))
  }
}

/// Writes a line to standard error; errors are ignored.
public func reportOnStandardError(_ sentence: String) {
  Terminal.write("\(sentence.escapingControls(keepingLines: true))\n")
}
