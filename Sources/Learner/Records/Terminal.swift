import Glibc
import Rollout

/// Standard error as a terminal.
enum Terminal {
  /// Writes text and ignores errors: a lost message must not end a run.
  static func write(_ text: String) {
    var text = text
    text.withUTF8 { try? SystemCalls.writeAll(STDERR_FILENO, UnsafeRawBufferPointer($0)) }
  }

  /// True if standard error is a terminal that supports carriage return and clearing.
  static var isInteractive: Bool {
    isatty(STDERR_FILENO) == 1 && getenv("TERM").map { strcmp($0, "dumb") != 0 } ?? false
  }

  /// Returns the width in columns, or 80 if it is unknown.
  static func width() -> Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
