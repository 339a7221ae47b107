import Rollout

/// What is said of updates that moved nothing, and when a run gives up over them.
struct SkippedUpdates: Codable, Sendable, Equatable {
  /// Updates skipped in a row after which nothing is to be hoped for.
  static let limit = 100

  private var inARow = 0
  private var isEnvironmentReported = false
  private var isLossReported = false

  /// Takes note of an update.
  ///
  /// - Parameters:
  ///   - outcome: what became of the batch.
  ///   - batch: the batch, still as it was learnt from.
  ///   - loss: its loss.
  /// - Returns: the sentence to say, the first time that there is such a reason.
  /// - Throws: `TrainingError` when the run cannot go on; `weights` as `PolicyUpdate` left them can still be saved.
  mutating func note(
    _ outcome: UpdateOutcome, of batch: FragmentBatch, loss: Float
  ) throws(TrainingError) -> String? {
    switch outcome {
    case .learnt, .tooFar:
      inARow = 0
      return nil
    case .diverged(let largest):
      let size = largest.isNaN ? "no number any more" : "\(largest)"
      throw TrainingError(
        "learning diverges: an update would have made a weight \(size); \(Self.remedy)")
    case .skipped:
      inARow += 1
      let number = NonFiniteNumber.first(in: batch)
      let reason =
        number?.sentence
        ?? "the loss or its gradient became infinite or no number (loss \(loss)) though all "
        + "rewards and observations are finite: learning diverges; \(Self.remedy)"
      if inARow >= Self.limit {
        throw TrainingError("\(inARow) updates in a row were skipped: \(reason)")
      }
      let isReported = number == nil ? isLossReported : isEnvironmentReported
      if number == nil { isLossReported = true } else { isEnvironmentReported = true }
      return isReported
        ? nil
        : "an update was skipped: \(reason); the weights stay as they were, and what else is "
          + "skipped is counted as skipped_updates in metrics.jsonl"
    }
  }

  private static let remedy = "lower --learning-rate, or bound --max-grad-norm"
}
