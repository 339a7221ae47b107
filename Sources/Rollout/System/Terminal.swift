import Glibc
import Synchronization

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

  /// True if the user has not turned colors off (https://no-color.org).
  package static var allowsColor: Bool { getenv("NO_COLOR").map { $0.pointee == 0 } ?? true }

  // MARK: Alternate screen

  private static let isAlternate = Atomic<Bool>(false)

  /// Shows the alternate screen without a cursor and without line wrapping.
  package static func enterAlternateScreen() {
    showAlternateScreen()
    write("\u{1B}[2J")
  }

  /// Shows the alternate screen with its former contents; async-signal-safe, as leaving it is.
  private static func showAlternateScreen() {
    isAlternate.store(true, ordering: .relaxed)
    send("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l")
  }

  /// Shows the former screen if the alternate one is shown.
  ///
  /// It is async-signal-safe after ``handleSignals``.
  package static func leaveAlternateScreen() {
    guard isAlternate.exchange(false, ordering: .relaxed) else { return }
    send("\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l")
  }

  /// Writes a constant text at once, as a signal handler may.
  private static func send(_ text: StaticString) {
    _ = Glibc.write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
  }

  /// Restores the terminal if this process crashes, and while Ctrl-Z suspends it.
  package static func handleSignals() {
    // Initializes what the handlers access.
    leaveAlternateScreen()
    let crashes = [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT]
    for number in crashes {
      _ = signal(number) { number in
        Terminal.leaveAlternateScreen()
        _ = signal(number, SIG_DFL)
        raise(number)
      }
    }
    let suspensions = StopSignals.answer([SIGTSTP]) { _ in
      let wasAlternate = Terminal.isAlternate.load(ordering: .relaxed)
      Terminal.leaveAlternateScreen()
      kill(getpid(), SIGSTOP)
      if wasAlternate { Terminal.showAlternateScreen() }
    }
    SystemCalls.unblockSignals(crashes + suspensions)
  }

  // MARK: Size

  /// Returns the present size, or 80 columns and 24 lines if it is unknown.
  package static func size() -> (columns: Int, lines: Int) {
    guard let size = size(of: STDERR_FILENO) else { return (80, 24) }
    return (size.columns, size.lines > 0 ? size.lines : 24)
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
