import Glibc

/// Standard error as a terminal.
package enum Terminal {
  /// Writes text and ignores errors: a lost message must not end a run.
  package static func write(_ text: String) {
    var text = text
    text.withUTF8 { try? SystemCalls.writeAll(STDERR_FILENO, UnsafeRawBufferPointer($0)) }
  }

  /// True if standard error is a terminal that supports carriage return and clearing.
  package static var isInteractive: Bool {
    isatty(STDERR_FILENO) == 1 && getenv("TERM").map { strcmp($0, "dumb") != 0 } ?? false
  }

  /// Returns the width in columns, or 80 if it is unknown.
  package static func width() -> Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

/// Writes a line to standard error; errors are ignored.
public func reportOnStandardError(_ sentence: String) {
  Terminal.write("\(sentence.escapingControls(keepingLines: true))\n")
}
