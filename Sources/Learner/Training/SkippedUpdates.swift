import Rollout

/// What is said of updates that moved nothing or must not, and when a run gives up over them.
struct SkippedUpdates: Codable, Sendable, Equatable {
  /// Batches in a row that were skipped as a whole, after which nothing is to be hoped for, and batches in a row of a policy that
  /// is certain, before that is said.
  static let limit = 100

  private var inARow = 0
  private var certainInARow = 0
  /// Batches in a row of a policy that is certain or nearly so.
  private var nearlyCertainInARow = 0

  /// False for numbers that no run counts to.
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
  /// The step of the evaluation that found the policy collapsed; nil after one that finds it
  /// recovered.
  private(set) var collapseStep: Int?

  /// Takes note of a batch.
  ///
  /// - Parameters:
  ///   - outcome: what became of the batch.
  ///   - batch: the batch, still as it was learnt from.
  ///   - loss: that of its last update.
  ///   - step: environment steps learnt from so far.
  /// - Returns: the sentence to say, the first time that there is such a reason.
  /// - Throws: `TrainingError` when the run cannot go on; `weights` as `PolicyUpdate` left them can still be saved.
  mutating func note(
    _ outcome: UpdateOutcome, of batch: FragmentBatch, loss: Float, at step: Int
  ) throws(TrainingError) -> String? {
    certainInARow = outcome == .certain ? certainInARow + 1 : 0
    nearlyCertainInARow =
      outcome == .certain || outcome == .nearlyCertain ? nearlyCertainInARow + 1 : 0
    if outcome != .skipped { inARow = 0 }
    switch outcome {
    case .learnt, .nearlyCertain, .tooFar:
      return nil
    case .certain:
      guard certainInARow == Self.limit, !isCertaintyReported else { return nil }
      isCertaintyReported = true
      return """
        the policy is certain of every action: its entropy and its gradient were exactly 0 in \
        \(Self.limit) batches in a row up to step \(NumberText.grouped(step)), and nothing more is \
        learnt; if it is not good enough, begin anew with a lower --learning-rate or a higher \
        --entropy-cost
        """
    case .diverged(let fault):
      throw TrainingError(
        """
        learning diverges: an update at step \(NumberText.grouped(step)) \(Self.phrase(fault))\
        \(Self.largest(in: batch)); \(Self.remedy)
        """)
    case .skipped:
      inARow += 1
      return try noteSkipped(batch, loss)
    case .learntInPart:
      // The last update may not be the one that was skipped.
      return try noteSkipped(batch, nil)
    }
  }

  /// Takes note of an evaluation.
  ///
  /// - Parameters:
  ///   - mean: its mean return.
  ///   - best: the largest mean return of an evaluation so far.
  ///   - step: environment steps learned from so far.
  /// - Returns: the sentence to say, the first time that the policy has collapsed.
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
      the policy has collapsed: its entropy and its gradient were next to 0 in \
      \(nearlyCertainInARow) batches in a row up to step \(NumberText.grouped(step)), and its mean \
      return fell from \(NumberText.fixed(best, 1)) to \(NumberText.fixed(mean, 1)); it is unlikely to \
      recover: start a new run with a lower --learning-rate or one that falls, a smaller \
      --max-grad-norm or a higher --entropy-cost
      """
  }

  /// Describes why a run ended without an update.
  func nothingLearned(skippedCount: Int, steps: Int) -> String {
    let reason =
      firstReason.map {
        "\(NumberText.grouped(skippedCount)) updates were skipped, the first one because \($0.escapingControls)"
      } ?? "no batch was learned from: check --target-kl and --learning-starts"
    return "nothing was learned in \(NumberText.grouped(steps)) steps: \(reason)"
  }

  private mutating func noteSkipped(
    _ batch: FragmentBatch, _ loss: Float?
  ) throws(TrainingError) -> String? {
    let number = EnvironmentNumber.firstNonFinite(in: batch)
    let reason =
      number?.sentence
      ?? "the loss or its gradient became infinite or no number\(loss.map { " (loss \($0))" } ?? "") though all "
      + "rewards and observations are finite\(Self.largest(in: batch)): learning diverges; "
      + Self.remedy
    firstReason = firstReason ?? reason
    if inARow >= Self.limit {
      throw TrainingError("nothing was learnt from \(inARow) batches in a row: \(reason)")
    }
    let isReported = number == nil ? isLossReported : isEnvironmentReported
    if number == nil { isLossReported = true } else { isEnvironmentReported = true }
    return isReported
      ? nil
      : "an update was skipped: \(reason); it left the weights as they were, and what else is "
        + "skipped is counted as skipped_updates in metrics.jsonl"
  }

  /// What an update would have done.
  private static func phrase(_ fault: WeightFault) -> String {
    switch fault {
    case .size(let size):
      let limit = NumberText.grouped(Int(PolicyUpdate.largestWeight))
      return size.isNaN
        ? "would have made a weight no number any more"
        : "would have made a weight \(size), which is more than \(limit)"
    case .move(let distance):
      let limit = NumberText.grouped(Int(PolicyUpdate.largestMove))
      return "would have moved a weight by \(distance), which is more than \(limit)"
    }
  }

  /// What may be at fault, as the end of a clause; of what is kept for replay the newest batch alone is known.
  private static func largest(in batch: FragmentBatch) -> String {
    guard let number = EnvironmentNumber.largest(in: batch) else { return "" }
    return " (the largest number of the newest batch is \(number.phrase))"
  }

  private static let remedy = "lower --learning-rate, or bound --max-grad-norm"
}
