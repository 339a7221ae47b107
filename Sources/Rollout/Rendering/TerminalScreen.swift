import Foundation
import Glibc

/// A spectator that shows episodes in the terminal while they are played, 30 steps per second.
///
/// It shows pictures of half blocks if the terminal has 24-bit color. Otherwise, and in a file or a
/// pipe, it writes a line of numbers for each step, for which an environment need not be drawable.
package final class TerminalScreen: EpisodeSpectator {
  /// True if pictures are shown, false for lines of numbers.
  package let isColored: Bool

  private let descriptor: Int32
  private let size: () -> (columns: Int, lines: Int)
  private let pause: Bool
  /// The lines that are on the screen; the caption is the last one.
  private var shown: [String] = []
  private var shownSize = (columns: 0, lines: 0)
  private var due: UInt64 = 0

  /// Creates a screen on standard output.
  package convenience init() {
    self.init(
      descriptor: STDOUT_FILENO,
      isColored: Self.hasColor(
        isTerminal: isatty(STDOUT_FILENO) == 1,
        variable: { ProcessInfo.processInfo.environment[$0] }),
      pause: isatty(STDOUT_FILENO) == 1, size: Self.terminalSize)
  }

  /// Creates a screen on any file descriptor, for tests.
  init(
    descriptor: Int32, isColored: Bool, pause: Bool,
    size: @escaping () -> (columns: Int, lines: Int)
  ) {
    self.descriptor = descriptor
    self.isColored = isColored
    self.pause = pause
    self.size = size
  }

  deinit { finish() }

  /// Shows a moment and waits until the next one is due.
  package func watch(_ moment: EpisodeMoment) throws {
    if isColored {
      if let picture = try moment.picture() { try draw(picture, moment.caption) }
    } else {
      try write(moment.text + "\n")
    }
    if pause { waitForNextFrame() }
  }

  /// Shows the cursor again, below the last picture.
  package func finish() {
    guard !shown.isEmpty else { return }
    // A terminal that is closed has no cursor.
    try? write("\u{1B}[?25h")
    shown = []
  }

  private func draw(_ picture: Picture, _ caption: String) throws(SystemError) {
    let room = size()
    // One line for the caption, one for the cursor.
    var lines = HalfBlocks.lines(picture, columns: room.columns, lines: max(room.lines - 2, 1))
    lines.append(String(caption.prefix(room.columns)))
    var text = ""
    if shown.count != lines.count || room != shownSize {
      // The first picture, or a new size, after which the position of the old lines is unknown.
      if shown.isEmpty { text += "\u{1B}[?25l" } else { text += "\u{1B}[2J\u{1B}[H" }
      shown = Array(repeating: "", count: lines.count)
    } else {
      text += "\u{1B}[\(lines.count)A"
    }
    for (line, old) in zip(lines, shown) {
      text += line == old ? "\r\n" : "\r\(line)\u{1B}[K\r\n"
    }
    shown = lines
    shownSize = room
    try write(text)
  }

  private func waitForNextFrame() {
    let interval = UInt64(1_000_000_000 / FrameRate.framesPerSecond)
    let now = SystemCalls.monotonicNanoseconds()
    // A late frame is not made up for: the next one is due one interval from now.
    due = max(due + interval, now)
    guard due > now else { return }
    // A signal may end the wait early; that does no harm.
    SystemCalls.sleep(nanoseconds: due - now)
  }

  private func write(_ text: String) throws(SystemError) {
    do {
      try SystemCalls.writeAll(descriptor, Array(text.utf8))
    } catch {
      throw error.with(detail: "standard output")
    }
  }

  /// Returns true if pictures can be shown: on a terminal that declares 24-bit color.
  ///
  /// A `NO_COLOR` variable that is not empty turns colors off (no-color.org).
  static func hasColor(isTerminal: Bool, variable: (String) -> String?) -> Bool {
    let kind = variable("TERM") ?? ""
    guard isTerminal, kind != "dumb", (variable("NO_COLOR") ?? "").isEmpty else { return false }
    if ["truecolor", "24bit"].contains(variable("COLORTERM") ?? "") { return true }
    return kind.hasSuffix("-direct") || kind.hasSuffix("-truecolor")
      || ["xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm"].contains(kind)
  }

  private static func terminalSize() -> (columns: Int, lines: Int) {
    guard let size = Terminal.size(of: STDOUT_FILENO), size.lines > 0 else { return (80, 24) }
    return size
  }
}
