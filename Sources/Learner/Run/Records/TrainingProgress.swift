import Rollout

/// The figures of a training run's status line.
///
/// Items that are nil are not shown: there is no loss before the first update, and no return before
/// the end of the first episode.
public struct TrainingProgress: Equatable, Sendable {
  /// Environment steps learned from so far.
  package var steps: Int
  /// The environment steps at which the run ends; nil if it has no such end.
  package var totalSteps: Int?
  /// Recent environment steps per second.
  package var stepsPerSecond: Double
  /// The mean undiscounted return of recent episodes.
  package var episodeReturn: Double?
  /// The loss of the last update.
  package var loss: Double?
  /// The mean entropy of the policy in nats.
  package var entropy: Double?
  /// The mean policy lag in versions.
  package var meanLag: Double?
  /// The maximum policy lag in versions.
  package var maxLag: Int?
  /// The number of workers that were replaced.
  package var restarts: Int
  /// Seconds since the start of training.
  package var secondsElapsed: Double
  /// The mean return of the last evaluation.
  package var evaluationReturn: Double?
  /// The mean of ρ = π/μ over the steps of recent batches.
  package var meanRho: Double?
  /// The recent share of its time in which the learner waited for nothing, 0 to 1.
  package var busyShare: Double?
  /// The recent share of its time in which training waited for an evaluation, 0 to 1.
  package var evaluationShare: Double?

  /// Creates the progress of a run; figures that are not given stay unknown.
  public init(
    steps: Int, totalSteps: Int? = nil, stepsPerSecond: Double = 0, episodeReturn: Double? = nil,
    loss: Double? = nil, entropy: Double? = nil, meanLag: Double? = nil, maxLag: Int? = nil,
    restarts: Int = 0, secondsElapsed: Double = 0, evaluationReturn: Double? = nil,
    meanRho: Double? = nil, busyShare: Double? = nil, evaluationShare: Double? = nil
  ) {
    self.steps = steps
    self.totalSteps = totalSteps
    self.stepsPerSecond = stepsPerSecond
    self.episodeReturn = episodeReturn
    self.loss = loss
    self.entropy = entropy
    self.meanLag = meanLag
    self.maxLag = maxLag
    self.restarts = restarts
    self.secondsElapsed = secondsElapsed
    self.evaluationReturn = evaluationReturn
    self.meanRho = meanRho
    self.busyShare = busyShare
    self.evaluationShare = evaluationShare
  }

  /// Seconds until the last step at the current speed; nil without an end or a speed.
  package var secondsLeft: Double? {
    guard let totalSteps, stepsPerSecond.isFinite, stepsPerSecond > 0 else { return nil }
    return Double(max(0, totalSteps - steps)) / stepsPerSecond
  }

  /// Returns the status line for a terminal, with at most `width` columns.
  ///
  /// If not everything fits, whole items are dropped, the least important first. If one item is
  /// still too wide, it is truncated.
  package func text(width: Int) -> String {
    var items = liveItems
    while items.count > 1, joined(items).count > width,
      let least = items.indices.max(by: { items[$0].rank < items[$1].rank })
    {
      items.remove(at: least)
    }
    return String(joined(items).prefix(max(0, width)))
  }

  /// A line for a log file, with full words and aligned columns.
  package var alignedText: String {
    var parts: [String] = []
    let total = totalSteps.map { NumberText.grouped($0) }
    let now = NumberText.grouped(steps)
    let width = max(total?.count ?? 0, 11)
    parts.append("steps " + NumberText.right(now, width) + (total.map { " of \($0)" } ?? ""))
    parts.append("steps per second " + NumberText.right(NumberText.grouped(stepsPerSecond), 10))
    func add(_ name: String, _ text: String?, _ width: Int) {
      parts.append(name + " " + NumberText.right(text ?? "-", width))
    }
    add("return", episodeReturn.map { NumberText.fixed($0, 1) }, 7)
    add("evaluation", evaluationReturn.map { NumberText.fixed($0, 1) }, 7)
    add("loss", loss.map { NumberText.fixed($0, 4) }, 9)
    add("entropy", entropy.map { NumberText.fixed($0, 3) }, 6)
    add("lag", meanLag.map { NumberText.fixed($0, 1) }, 5)
    add("largest", maxLag.map(String.init), 4)
    if restarts > 0 { parts.append("worker restarts \(restarts)") }
    if let secondsLeft { parts.append("time left \(NumberText.duration(secondsLeft))") }
    return parts.joined(separator: "  ")
  }

  /// The items in reading order; an item with a higher rank is dropped earlier.
  private var liveItems: [(rank: Int, text: String)] {
    var items: [(rank: Int, text: String)] = []
    let total = totalSteps.map { "/" + NumberText.short(Double($0)) } ?? ""
    items.append((0, NumberText.short(Double(steps)) + total + " steps"))
    items.append((2, NumberText.short(stepsPerSecond) + " SPS"))
    if let episodeReturn { items.append((1, "return " + NumberText.fixed(episodeReturn, 1))) }
    if let evaluationReturn {
      items.append((4, "evaluation " + NumberText.fixed(evaluationReturn, 1)))
    }
    if let loss { items.append((7, "loss " + NumberText.fixed(loss, 4))) }
    if let entropy { items.append((6, "entropy " + NumberText.fixed(entropy, 3))) }
    if let meanLag {
      let largest = maxLag.map { " (max \($0))" } ?? ""
      items.append((8, "lag " + NumberText.fixed(meanLag, 1) + largest))
    }
    if restarts > 0 { items.append((5, "\(restarts) restart" + (restarts == 1 ? "" : "s"))) }
    if let secondsLeft { items.append((3, NumberText.duration(secondsLeft) + " left")) }
    return items
  }

  private func joined(_ items: [(rank: Int, text: String)]) -> String {
    items.map(\.text).joined(separator: "  ")
  }
}
