import Rollout

/// The contents of a dashboard as lines of text.
struct DashboardView {
  /// A worker's recent behavior.
  private struct Lane {
    var status: WorkerStatus
    /// Recent steps per second.
    var rate = 0.0
    /// The recent share of looks at which the worker was stepping.
    var steppingShare = 0.5
    /// The time until which the worker is shown as replaced.
    var replacedUntil = 0.0
    /// The time and steps of the last change of the rate.
    var last: (seconds: Double, steps: Int)
  }

  private static let secondsBetweenRates = 0.5
  private static let secondsShownAsReplaced = 3.0
  private static let laneWidth = 32

  private let title: String
  private let usesColor: Bool
  private var progress: TrainingProgress?
  private var lanes: [Lane] = []
  private var speeds = Sparkline()
  private var returns = Sparkline()

  init(title: String, usesColor: Bool) {
    self.title = title.escapingControls
    self.usesColor = usesColor
  }

  /// True after the first update.
  var hasFigures: Bool { progress != nil }

  // MARK: Figures

  /// Takes new figures.
  mutating func update(_ progress: TrainingProgress, _ workers: [WorkerStatus]) {
    let seconds = progress.secondsElapsed
    self.progress = progress
    if lanes.count != workers.count {
      lanes = workers.map { Lane(status: $0, last: (seconds, $0.steps)) }
    }
    for (index, status) in workers.enumerated() {
      if status.restarts != lanes[index].status.restarts {
        lanes[index].replacedUntil = seconds + Self.secondsShownAsReplaced
      }
      lanes[index].status = status
      let now = status.activity == .stepping ? 1.0 : 0
      lanes[index].steppingShare += 0.2 * (now - lanes[index].steppingShare)
      let elapsed = seconds - lanes[index].last.seconds
      guard elapsed >= Self.secondsBetweenRates else { continue }
      // A repetition after a death can set the count back.
      let rate = Double(max(0, status.steps - lanes[index].last.steps)) / elapsed
      lanes[index].rate += (lanes[index].rate == 0 ? 1 : 0.4) * (rate - lanes[index].rate)
      lanes[index].last = (seconds, status.steps)
    }
  }

  /// Adds the present figures to the diagrams.
  mutating func sample() {
    guard let progress else { return }
    speeds.add(progress.stepsPerSecond)
    if let mean = progress.episodeReturn { returns.add(mean) }
  }

  // MARK: Lines

  /// Returns at most `lines` lines of at most `columns` − 1 characters each.
  ///
  /// A low terminal loses empty lines first, then messages, workers and figures.
  func lines(columns: Int, lines: Int, messages: [String]) -> [String] {
    guard let progress, lines > 0 else { return [] }
    let width = max(1, columns - 1)
    guard lines >= 4, width >= 24 else { return [progress.text(width: width)] }
    let gap = lines >= 20 ? [""] : []
    var result = [head(progress, width), bar(progress, width)] + gap
    result += figures(progress, width).prefix(lines - result.count)
    let recent = messages.flatMap { $0.split(separator: "\n") }
      .suffix(max(1, lines / 5)).map { styled(String($0.prefix(width)), "33") }
    let room = lines - result.count - gap.count - recent.count
    if room > 0, !lanes.isEmpty { result += gap + laneLines(width, room: room) }
    if result.count + recent.count <= lines {
      result += Array(repeating: "", count: lines - result.count - recent.count) + recent
    }
    return result
  }

  private func head(_ progress: TrainingProgress, _ width: Int) -> String {
    let time = NumberText.duration(progress.secondsElapsed.rounded(.down))
    let text = String(title.prefix(max(0, width - time.count - 2)))
    return styled(text, "1") + NumberText.right(time, width - text.count)
  }

  private func bar(_ progress: TrainingProgress, _ width: Int) -> String {
    let total = progress.totalSteps
    let share = total.map { $0 > 0 ? min(1, Double(progress.steps) / Double($0)) : 1 } ?? 0
    var text = " " + NumberText.short(Double(progress.steps))
    if let total {
      text += "/" + NumberText.short(Double(total)) + " steps  \(Int(share * 100)) %"
    }
    if let left = progress.secondsLeft { text += "  \(NumberText.duration(left)) left" }
    let length = width - text.count - 1
    guard length >= 8 else { return String(text.dropFirst().prefix(width)) }
    let filled = Int(share * Double(length))
    return styled(String(repeating: "━", count: filled), "36")
      + styled(String(repeating: "─", count: length - filled), "2") + " " + text
  }

  private func figures(_ progress: TrainingProgress, _ width: Int) -> [String] {
    func number(_ value: Double?, _ digits: Int) -> String {
      value.map { NumberText.fixed($0, digits) } ?? "-"
    }
    func row(_ name: String, _ value: String, _ rest: String = "", _ code: String = "0") -> String {
      let text = NumberText.left(name, 11) + NumberText.right(value, 9) + "  "
      return text + styled(String(rest.prefix(max(0, width - text.count))), code)
    }
    func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
    let space = max(0, min(60, width - 22))
    let evaluations = progress.evaluationShare.map(percent) ?? "0 %"
    var rows = [
      row("steps/s", NumberText.short(progress.stepsPerSecond), speeds.text(width: space), "36"),
      row("return", number(progress.episodeReturn, 1), returns.text(width: space), "32"),
      row(
        "learner", progress.busyShare.map(percent) ?? "-",
        evaluations == "0 %"
          ? "busy; the rest of its time it waits for workers"
          : "busy, \(evaluations) evaluating; else it waits for workers", "2"),
    ]
    let items = [
      "evaluation " + number(progress.evaluationReturn, 1), "loss " + number(progress.loss, 4),
      "entropy " + number(progress.entropy, 3), "ρ " + number(progress.meanRho, 3),
      "lag " + number(progress.meanLag, 1) + (progress.maxLag.map { " (max \($0))" } ?? ""),
      "restarts \(progress.restarts)",
    ]
    var line = ""
    for item in items {
      if !line.isEmpty, line.count + 3 + item.count > width {
        rows.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : "   ") + item
    }
    rows.append(String(line.prefix(width)))
    return rows
  }

  private func laneLines(_ width: Int, room: Int) -> [String] {
    let columnCount = max(1, (width + 2) / Self.laneWidth)
    let needed = (lanes.count + columnCount - 1) / columnCount
    let rowCount = min(needed, room)
    // The last row gives way to the number of workers that have no place.
    let shownRows = needed > room ? rowCount - 1 : rowCount
    let fastest = lanes.map(\.rate).max() ?? 0
    var result = (0..<max(0, shownRows)).map { row in
      (0..<columnCount).compactMap { column -> String? in
        let index = column * shownRows + row
        return index < lanes.count ? lane(index, min(width, Self.laneWidth - 2), fastest) : nil
      }.joined(separator: "  ")
    }
    let hidden = lanes.count - shownRows * columnCount
    if hidden > 0 { result.append("\(hidden) more worker\(hidden == 1 ? "" : "s")") }
    return result
  }

  private func lane(_ index: Int, _ width: Int, _ fastest: Double) -> String {
    let lane = lanes[index]
    let isReplaced = (progress?.secondsElapsed ?? 0) < lane.replacedUntil
    let (word, code) =
      if isReplaced {
        ("replaced", "31")
      } else if lane.status.activity == .starting {
        ("starting", "2")
      } else if lane.steppingShare >= 0.5 {
        ("stepping", "32")
      } else {
        ("waiting", "33")
      }
    let number = NumberText.right("\(index)", 3) + " "
    let rate = NumberText.right(NumberText.short(lane.rate), 7) + " "
    let space = max(0, width - number.count - 8 - rate.count)
    let length = fastest > 0 ? Int((lane.rate / fastest * Double(space)).rounded()) : 0
    let bar = String(repeating: "■", count: length)
    return number + styled(NumberText.left(word, 8), code) + rate
      + styled(NumberText.left(bar, space), code)
  }

  private func styled(_ text: String, _ code: String) -> String {
    usesColor && !text.isEmpty && code != "0" ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}

/// A small diagram of a series in one line of text, over the whole series.
///
/// A long series is averaged in pairs whenever it is full, so its memory is bounded.
struct Sparkline {
  private static let capacity = 512
  private static let blocks = Array("▁▂▃▄▅▆▇█")

  private var values: [Double] = []
  /// The number of added values in each element.
  private var stride = 1
  private var pending = (sum: 0.0, count: 0)

  /// Adds a value; one that is not finite is left out.
  mutating func add(_ value: Double) {
    guard value.isFinite else { return }
    pending = (pending.sum + value, pending.count + 1)
    guard pending.count >= stride else { return }
    values.append(pending.sum / Double(pending.count))
    pending = (0, 0)
    guard values.count >= Self.capacity else { return }
    for index in 0..<Self.capacity / 2 {
      values[index] = (values[2 * index] + values[2 * index + 1]) / 2
    }
    values.removeLast(Self.capacity / 2)
    stride *= 2
  }

  /// Returns the diagram with at most `width` characters, from the lowest to the highest value.
  func text(width: Int) -> String {
    let count = min(width, values.count)
    guard count > 0, let low = values.min(), let high = values.max() else { return "" }
    var text = ""
    for column in 0..<count {
      let start = column * values.count / count
      let end = (column + 1) * values.count / count
      let mean = values[start..<end].reduce(0, +) / Double(end - start)
      let share = high > low ? (mean - low) / (high - low) : 0.5
      text.append(Self.blocks[max(0, min(7, Int(share * 8)))])
    }
    return text
  }
}
