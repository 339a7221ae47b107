import Rollout

/// A monitor of skipped, diverged and ineffective updates, which decides what to report.
struct SkippedUpdates: Codable, Sendable, Equatable {
  /// The number of batches in a row that leads to a report or an error.
  ///
  /// A run ends after that many batches that were skipped completely. A policy is reported as
  /// certain after that many certain batches, and as collapsed if its return fell after that many
  /// batches that were at least nearly certain.
  static let limit = 100

  private var inARow = 0
  private var certainInARow = 0
  /// The number of batches in a row with a certain or nearly certain policy.
  private var nearlyCertainInARow = 0

  /// True if all counts are possible in a run.
  var isSound: Bool {
    [inARow, certainInARow, nearlyCertainInARow, collapseStep ?? 0].allSatisfy {
      (0...StateArchive.largestCount).contains($0)
    }
  }

  private var isEnvironmentReported = false
  private var isLossReported = false
  private var isCertaintyReported = false
  private var isCollapseReported = false
  private var firstReason: String?
  /// The step of the evaluation that found the policy collapsed; nil if it has recovered since.
  private(set) var collapseStep: Int?

  /// Records the outcome of a batch.
  ///
  /// - Parameters:
  ///   - outcome: the outcome.
  ///   - batch: the batch, unchanged since it was learned from.
  ///   - loss: the loss of its last update.
  ///   - step: the environment steps learned from so far.
  ///   - culprit: the rank whose batch was not finite; nil without such a rank.
  /// - Returns: a sentence to report, the first time that there is such a reason; nil otherwise.
  /// - Throws: `TrainingError` if the run cannot continue. The weights are still sound and can be
  ///   saved.
  mutating func note(
    _ outcome: UpdateOutcome, of batch: FragmentBatch, loss: Float, at step: Int,
    because culprit: Int? = nil
  ) throws(TrainingError) -> String? {
    certainInARow = outcome == .certain ? certainInARow + 1 : 0
    nearlyCertainInARow =
      outcome == .certain || outcome == .nearlyCertain ? nearlyCertainInARow + 1 : 0
    if outcome != .skipped { inARow = 0 }
    switch outcome {
    case .learned, .nearlyCertain, .tooFar:
      return nil
    case .certain:
      guard certainInARow == Self.limit, !isCertaintyReported else { return nil }
      isCertaintyReported = true
      return """
        the policy is certain of every action: its entropy and its gradient were exactly 0 in \
        \(Self.limit) batches in a row up to step \(NumberText.grouped(step)), and nothing more is \
        learned; if it is not good enough, start a new run with a lower --learning-rate or a \
        higher --entropy-cost
        """
    case .diverged(let fault):
      throw TrainingError(
        """
        learning diverges: an update at step \(NumberText.grouped(step)) \(Self.phrase(fault))\
        \(Self.largest(in: batch)); \(Self.remedy)
        """)
    case .skipped:
      inARow += 1
      return try noteSkipped(batch, loss, culprit)
    case .learnedInPart:
      // The last loss may belong to an update that was not skipped.
      return try noteSkipped(batch, nil, culprit)
    }
  }

  /// Records the result of an evaluation.
  ///
  /// - Parameters:
  ///   - mean: the mean return.
  ///   - best: the mean return of the best evaluation so far.
  ///   - step: the environment steps learned from so far.
  /// - Returns: a sentence to report, the first time that the policy has collapsed; nil otherwise.
  mutating func noteEvaluation(_ mean: Double, best: Double, at step: Int) -> String? {
    guard best > 0 ? mean < best / 4 : mean < 4 * best else {
      collapseStep = nil
      return nil
    }
    guard nearlyCertainInARow >= Self.limit else { return nil }
    collapseStep = collapseStep ?? step
    if isCollapseReported { return nil }
    isCollapseReported = true
    return """
      the policy has collapsed: its entropy and its gradient were close to 0 in \
      \(nearlyCertainInARow) batches in a row up to step \(NumberText.grouped(step)), and its mean \
      return fell from \(NumberText.fixed(best, 1)) to \(NumberText.fixed(mean, 1)); it is \
      unlikely to recover: start a new run with a lower --learning-rate or one that falls, \
      a smaller --max-grad-norm or a higher --entropy-cost
      """
  }

  /// Describes why a run ended without an update.
  func nothingLearned(skippedCount: Int, steps: Int) -> String {
    let reason =
      firstReason.map {
        "\(NumberText.grouped(skippedCount)) updates were skipped, the first one because "
          + $0.escapingControls
      } ?? "no batch was learned from: check --target-kl and --learning-starts"
    return "nothing was learned in \(NumberText.grouped(steps)) steps: \(reason)"
  }

  private mutating func noteSkipped(
    _ batch: FragmentBatch, _ loss: Float?, _ culprit: Int?
  ) throws(TrainingError) -> String? {
    let number = EnvironmentNumber.firstNonFinite(in: batch)
    let reason =
      number?.sentence ?? culprit.map { "the batch of rank \($0) was not finite" }
      ?? "the loss or its gradient became infinite or NaN\(loss.map { " (loss \($0))" } ?? "") "
      + "though all rewards and observations are finite\(Self.largest(in: batch)): "
      + "learning diverges; " + Self.remedy
    firstReason = firstReason ?? reason
    if inARow >= Self.limit {
      throw TrainingError("nothing was learned from \(inARow) batches in a row: \(reason)")
    }
    let isLoss = number == nil && culprit == nil
    let isReported = isLoss ? isLossReported : isEnvironmentReported
    if isLoss { isLossReported = true } else { isEnvironmentReported = true }
    return isReported
      ? nil
      : "an update was skipped: \(reason); the weights are unchanged, and further skipped "
        + "updates are counted as skipped_updates in metrics.jsonl"
  }

  /// Describes what an update would have done.
  private static func phrase(_ fault: WeightFault) -> String {
    switch fault {
    case .size(let size):
      let limit = NumberText.grouped(Int(GuardedStep.largestWeight))
      return size.isNaN
        ? "would have made a weight NaN"
        : "would have made a weight \(size), which is more than \(limit)"
    case .move(let distance):
      let limit = NumberText.grouped(Int(GuardedStep.largestMove))
      return "would have moved a weight by \(distance), which is more than \(limit)"
    }
  }

  /// Describes the largest number of the newest batch, as the end of a clause.
  ///
  /// Of the batches in a replay buffer, only the newest one is known here.
  private static func largest(in batch: FragmentBatch) -> String {
    guard let number = EnvironmentNumber.largest(in: batch) else { return "" }
    return " (the largest number of the newest batch is \(number.phrase))"
  }

  private static let remedy = "lower --learning-rate, or bound --max-grad-norm"
}
