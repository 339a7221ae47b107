import Rollout

/// Shows progress on standard error, which leaves standard output to results.
///
/// On a terminal one line is drawn over and over, at most ten times a second; elsewhere a line is
/// added once per interval; or nothing is said at all. Messages clear the live line first. The clock is
/// that of the progress it is given, and whatever cannot be written is dropped.
public struct ProgressLine {
  /// How progress is shown.
  public enum Style: Equatable, Sendable {
    /// One line that is drawn over, cut to the terminal's width.
    case live
    /// A line of full words each time so many seconds have passed.
    case plain(intervalSeconds: Double)
    /// No progress; messages still appear.
    case quiet
  }

  private static let secondsBetweenLiveUpdates = 0.1
  /// Back to the first column, and clear to the end of the line.
  private static let startOver = "\r\u{1B}[K"

  private let style: Style
  private let width: () -> Int
  private let write: (String) -> Void
  private var lastShown: Double?
  private var lineIsDrawn = false

  /// A display on standard error: live on a terminal, plain lines elsewhere, nothing if quiet.
  public init(quiet: Bool, plainIntervalSeconds: Double = 1) {
    let style: Style =
      if quiet {
        .quiet
      } else if Terminal.isInteractive {
        .live
      } else {
        .plain(intervalSeconds: plainIntervalSeconds)
      }
    self.init(
      style: style, width: Terminal.width, write: Terminal.write)
  }

  /// A display of a chosen style that writes elsewhere.
  ///
  /// - Parameters:
  ///   - style: How progress is shown.
  ///   - width: The terminal's present width in columns; asked each time, for windows are resized.
  ///   - write: Receives the text, control characters included.
  public init(style: Style, width: @escaping () -> Int, write: @escaping (String) -> Void) {
    self.style = style
    self.width = width
    self.write = write
  }

  /// Whether an update at this moment would be shown; spares the caller gathering figures in vain.
  public func isDue(secondsElapsed: Double) -> Bool {
    let interval: Double
    switch style {
    case .quiet: return false
    case .live: interval = ProgressLine.secondsBetweenLiveUpdates
    case .plain(let intervalSeconds): interval = intervalSeconds
    }
    // The first plain line waits for its interval too: nothing is known at second 0.
    guard let lastShown else { return style == .live || secondsElapsed >= interval }
    return secondsElapsed - lastShown >= interval
  }

  /// Shows progress if enough time has passed since the last time.
  public mutating func update(_ progress: TrainingProgress) {
    if isDue(secondsElapsed: progress.secondsElapsed) { show(progress) }
  }

  /// Shows the last state whatever the time, and leaves a live line standing.
  public mutating func finish(_ progress: TrainingProgress) {
    guard style != .quiet else { return }
    show(progress)
    if lineIsDrawn { write("\n") }
    lineIsDrawn = false
  }

  /// Says something on a line of its own; the live line comes back with the next update.
  public mutating func note(_ text: String) {
    clear()
    write(text.escapingControls(keepingLines: true) + "\n")
  }

  /// Takes the live line away, before someone else writes to the terminal.
  public mutating func clear() {
    guard lineIsDrawn else { return }
    write(ProgressLine.startOver)
    lineIsDrawn = false
    lastShown = nil
  }

  private mutating func show(_ progress: TrainingProgress) {
    lastShown = progress.secondsElapsed
    if style == .live {
      // The last column stays free: some terminals wrap once it is filled, and then lines pile up.
      write(ProgressLine.startOver + progress.text(width: max(1, width() - 1)))
      lineIsDrawn = true
    } else {
      write(progress.alignedText + "\n")
    }
  }
}
