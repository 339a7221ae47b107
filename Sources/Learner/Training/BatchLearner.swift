import Rollout

/// Makes new weights of batches: what a training loop hands each batch to.
///
/// `PolicyUpdate` is one step of the optimiser from the whole batch, `MinibatchLearner` several steps from its parts,
/// `ReplayLearner` steps from batches that are kept. `NormalisingLearner` goes around one of them and keeps statistics.
public protocol BatchLearner: Restorable {
  /// Steps of the optimiser so far.
  var updateCount: Int { get }
  /// Updates that moved nothing, because their loss or gradient was not finite.
  var skippedCount: Int { get }
  /// Environment steps that came in so far, each counted once, however often it was learnt from.
  var stepCount: Int { get }
  /// The loss of the last update, finite or not.
  var lastLoss: Float { get }

  /// Learns from a batch; the weights have changed when it returns, if the outcome says so.
  @discardableResult
  func learn(from batch: FragmentBatch) -> UpdateOutcome

  /// What was reported since the last call: name and value, in a fixed order; empty when there was nothing.
  func takeMetrics() -> [(name: String, value: Double)]

  /// What was counted since the last call, by name, in a fixed order; none by default.
  func takeHistograms() -> [(name: String, histogram: Histogram)]
}

extension BatchLearner {
  /// Nothing is counted.
  public func takeHistograms() -> [(name: String, histogram: Histogram)] { [] }
}
