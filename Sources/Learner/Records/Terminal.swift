import Glibc
import Rollout

/// Standard error as something to write to and, perhaps, to draw on.
enum Terminal {
  /// Writes text, as much of it as is taken: a lost message must not end a run.
  static func write(_ text: String) {
    var text = text
    text.withUTF8 { try? SystemCalls.writeAll(STDERR_FILENO, UnsafeRawBufferPointer($0)) }
  }

  /// Whether this is a terminal that understands carriage return and clearing.
  static var isInteractive: Bool {
    isatty(STDERR_FILENO) == 1 && getenv("TERM").map { strcmp($0, "dumb") != 0 } ?? false
  }

  /// The width in columns; 80 if it does not say.
  static func width() -> Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
