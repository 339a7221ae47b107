import Rollout

/// A display of a run on the whole terminal, drawn at most four times per second.
///
/// It begins with the first update, on the terminal's alternate screen. The size of the terminal is
/// read for each drawing. Messages are shown at the bottom; `close` prints them after the terminal
/// has its former contents.
final class Dashboard {
  private static let nanosecondsBetweenDrawings: UInt64 = 250_000_000
  private static let keptMessageCount = 1000

  private let terminal: Output
  private var view: DashboardView
  private var messages: [String] = []
  private var isShown = false
  private var lastDrawn: UInt64?

  /// The terminal to draw on.
  struct Output {
    /// Returns the present size.
    var size: () -> (columns: Int, lines: Int) = Terminal.size
    /// Receives text with control sequences.
    var write: (String) -> Void = Terminal.write
    /// Shows the alternate screen.
    var enter: () -> Void = Terminal.enterAlternateScreen
    /// Shows the former screen.
    var leave: () -> Void = Terminal.leaveAlternateScreen
    /// The monotonic time in nanoseconds.
    var now: () -> UInt64 = SystemCalls.monotonicNanoseconds
  }

  /// Creates a dashboard; nothing is written before the first update.
  init(title: String, usesColor: Bool, on terminal: Output = Output()) {
    self.terminal = terminal
    view = DashboardView(title: title, usesColor: usesColor)
  }

  /// Takes new figures and draws them if a drawing is due.
  func update(_ progress: TrainingProgress, _ workers: [WorkerStatus]) {
    view.update(progress, workers)
    drawIfDue()
  }

  /// Keeps a message for the bottom of the screen, or prints it if the dashboard is not shown.
  func note(_ text: String) {
    let text = text.escapingControls(keepingLines: true)
    guard isShown else { return terminal.write(text + "\n") }
    messages.append(text)
    if messages.count > Self.keptMessageCount { messages.removeFirst() }
    drawIfDue()
  }

  /// Shows the former screen and prints the messages; repeated calls have no effect.
  func close() {
    guard isShown else { return }
    isShown = false
    terminal.leave()
    for message in messages { terminal.write(message + "\n") }
    messages = []
  }

  private func drawIfDue() {
    let now = terminal.now()
    guard view.hasFigures, now - (lastDrawn ?? 0) >= Self.nanosecondsBetweenDrawings || !isShown
    else { return }
    lastDrawn = now
    if !isShown { terminal.enter() }
    isShown = true
    let (columns, lines) = terminal.size()
    view.sample()
    // Every drawing writes all lines, which also repairs a screen that was resized or disturbed.
    var text = ""
    for (row, line) in view.lines(columns: columns, lines: lines, messages: messages).enumerated() {
      text += "\u{1B}[\(row + 1);1H\(line)\u{1B}[K"
    }
    terminal.write(text + "\u{1B}[J")
  }
}
