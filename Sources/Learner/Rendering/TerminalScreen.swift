import Glibc
import Rollout

/// Shows episodes in the terminal while they are played, a step thirty times a second.
///
/// Where the terminal has 24-bit colour, pictures of half blocks; elsewhere, also in a file or a pipe, a
/// line of numbers for each step, for which an environment need not draw.
public final class TerminalScreen: EpisodeSpectator {
  /// Whether pictures are shown and not lines of numbers.
  public let isColoured: Bool

  private let descriptor: Int32
  private let size: () -> (columns: Int, lines: Int)
  private let pause: Bool
  /// The lines that are on the screen, the caption last.
  private var shown: [String] = []
  private var shownSize = (columns: 0, lines: 0)
  private var due: UInt64 = 0

  /// Shows on standard output.
  public convenience init() {
    self.init(
      descriptor: STDOUT_FILENO,
      isColoured: Self.hasColour(
        isTerminal: isatty(STDOUT_FILENO) == 1,
        variable: { name in getenv(name).map { String(cString: $0) } }),
      pause: isatty(STDOUT_FILENO) == 1, size: Self.terminalSize)
  }

  /// Shows elsewhere, for tests.
  init(
    descriptor: Int32, isColoured: Bool, pause: Bool,
    size: @escaping () -> (columns: Int, lines: Int)
  ) {
    self.descriptor = descriptor
    self.isColoured = isColoured
    self.pause = pause
    self.size = size
  }

  deinit { finish() }

  /// Shows a moment and waits until it is time for the next one.
  public func watch(_ moment: EpisodeMoment) throws {
    if isColoured {
      if let picture = try moment.picture() { draw(picture, moment.caption) }
    } else {
      write(moment.text + "\n")
    }
    if pause { waitForNextFrame() }
  }

  /// Gives the cursor back, below the last picture.
  public func finish() {
    guard !shown.isEmpty else { return }
    write("\u{1B}[?25h")
    shown = []
  }

  private func draw(_ picture: Picture, _ caption: String) {
    let room = size()
    // One line for the caption, one for the cursor.
    var lines = HalfBlocks.lines(picture, columns: room.columns, lines: max(room.lines - 2, 1))
    lines.append(String(caption.prefix(room.columns)))
    var text = ""
    if shown.count != lines.count || room != shownSize {
      // The first picture, or another size, after which nobody knows where the old lines went.
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
    write(text)
  }

  private func waitForNextFrame() {
    let interval = UInt64(1_000_000_000 / FrameRate.framesPerSecond)
    let now = SystemCalls.monotonicNanoseconds()
    // Behind time, nothing is made up for: the next frame counts from now.
    due = max(due + interval, now)
    guard due > now else { return }
    var time = timespec(
      tv_sec: Int((due - now) / 1_000_000_000), tv_nsec: Int((due - now) % 1_000_000_000))
    // A signal ends the wait early, which is as well.
    nanosleep(&time, nil)
  }

  private func write(_ text: String) {
    var text = text
    // A screen that is gone is no reason to stop.
    text.withUTF8 { try? SystemCalls.writeAll(descriptor, UnsafeRawBufferPointer($0)) }
  }

  /// Whether pictures can be shown: a terminal, with 24-bit colour by its own account.
  ///
  /// `NO_COLOR`, when it is not empty, says that nobody wants any (no-color.org).
  static func hasColour(isTerminal: Bool, variable: (String) -> String?) -> Bool {
    let kind = variable("TERM") ?? ""
    guard isTerminal, kind != "dumb", (variable("NO_COLOR") ?? "").isEmpty else { return false }
    if ["truecolor", "24bit"].contains(variable("COLORTERM") ?? "") { return true }
    return kind.hasSuffix("-direct") || kind.hasSuffix("-truecolor")
      || ["xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm"].contains(kind)
  }

  private static func terminalSize() -> (columns: Int, lines: Int) {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
    else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }
}
