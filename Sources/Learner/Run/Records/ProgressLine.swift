import Rollout

/// A progress display on standard error; standard output is reserved for results.
///
/// On a terminal one line is redrawn at most ten times per second. Elsewhere one line is appended
/// per interval. In quiet mode there is no progress. Messages clear the live line first. Time is
/// that of the progress values (`secondsElapsed`). Write errors are ignored.
public final class ProgressLine {
  /// The style of the display.
  package enum Style: Equatable, Sendable {
    /// One line that is redrawn, truncated to the terminal's width.
    case live
    /// One line of full words per interval.
    case plain(intervalSeconds: Double)
    /// No progress; messages still appear.
    case quiet
  }

  private static let secondsBetweenLiveUpdates = 0.1
  /// Carriage return, then clear to the end of the line.
  private static let startOver = "\r\u{1B}[K"

  private let style: Style
  private let width: () -> Int
  private let write: (String) -> Void
  private var lastShown: Double?
  private var lineIsDrawn = false
  /// The display on the whole terminal, in place of a line; nil for none.
  private var dashboard: Dashboard?

  /// Creates a display on standard error: live on a terminal, plain elsewhere, or quiet.
  public convenience init(quiet: Bool, plainIntervalSeconds: Double = 1) {
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

  /// Creates the display of a rank other than rank 0, which shows messages alone.
  convenience init(ofRank rank: Int) {
    self.init(
      style: .quiet, width: Terminal.width, write: { Terminal.write("rank \(rank): \($0)") })
  }

  /// Creates a display on the whole terminal, which must be interactive.
  convenience init(dashboard title: String) {
    self.init(style: .live, width: Terminal.width, write: Terminal.write)
    dashboard = Dashboard(title: title, usesColor: Terminal.allowsColor)
    Terminal.handleSignals()
  }

  /// Creates a display with a given style and output.
  ///
  /// - Parameters:
  ///   - style: the style of the display.
  ///   - width: returns the terminal's current width in columns; called each time, since windows
  ///     are resized.
  ///   - write: receives the text, including control characters.
  package init(style: Style, width: @escaping () -> Int, write: @escaping (String) -> Void) {
    self.style = style
    self.width = width
    self.write = write
  }

  /// Returns true if an update now would be shown; lets the caller skip gathering the figures.
  package func isDue(secondsElapsed: Double) -> Bool {
    let interval: Double
    switch style {
    case .quiet: return false
    case .live: interval = ProgressLine.secondsBetweenLiveUpdates
    case .plain(let intervalSeconds): interval = intervalSeconds
    }
    // The first plain line is due after one interval: there are no figures at second 0.
    guard let lastShown else { return style == .live || secondsElapsed >= interval }
    return secondsElapsed - lastShown >= interval
  }

  /// Shows progress if it is due.
  ///
  /// - Parameters:
  ///   - progress: the progress to show.
  ///   - workers: the state of each worker, for a dashboard.
  public func update(_ progress: TrainingProgress, workers: [WorkerStatus] = []) {
    if let dashboard { return dashboard.update(progress, workers) }
    if isDue(secondsElapsed: progress.secondsElapsed) { show(progress) }
  }

  /// Shows a text as progress if it is due.
  package func update(_ text: String, secondsElapsed: Double) {
    guard isDue(secondsElapsed: secondsElapsed) else { return }
    lastShown = secondsElapsed
    draw(live: { String(text.prefix($0)) }, plain: text)
  }

  /// Shows the final progress regardless of the interval, and keeps a live line on the screen.
  public func finish(_ progress: TrainingProgress) {
    guard style != .quiet else { return }
    close()
    show(progress)
    if lineIsDrawn { write("\n") }
    lineIsDrawn = false
  }

  /// Prints a message on its own line; the live line reappears with the next update.
  public func note(_ text: String) {
    if let dashboard { return dashboard.note(text) }
    clear()
    write(text.escapingControls(keepingLines: true) + "\n")
  }

  /// Ends a dashboard: shows the former contents of the terminal and prints the messages.
  public func close() {
    dashboard?.close()
    dashboard = nil
  }

  /// Clears the live line, before other output to the terminal.
  package func clear() {
    guard lineIsDrawn else { return }
    write(ProgressLine.startOver)
    lineIsDrawn = false
    lastShown = nil
  }

  private func show(_ progress: TrainingProgress) {
    lastShown = progress.secondsElapsed
    draw(live: progress.text(width:), plain: progress.alignedText)
  }

  private func draw(live text: (_ width: Int) -> String, plain: @autoclosure () -> String) {
    if style == .live {
      // The last column stays empty: some terminals wrap when it is filled, and lines pile up.
      write(ProgressLine.startOver + text(max(1, width() - 1)))
      lineIsDrawn = true
    } else {
      write(plain() + "\n")
    }
  }
}
