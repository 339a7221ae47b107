import Rollout

/// A learner that updates the weights from batches.
///
/// `PolicyUpdate` takes one optimizer step from the whole batch. `MinibatchLearner` takes several
/// steps from parts of it. `ReplayLearner` takes steps from batches in a replay buffer.
/// A `WrappingLearner` wraps one of them: `NormalizingLearner` keeps running statistics.
public protocol BatchLearner: Restorable {
  /// The number of optimizer steps so far.
  var updateCount: Int { get }
  /// The number of updates skipped because their loss or gradient was not finite.
  var skippedCount: Int { get }
  /// The number of environment steps received so far, each counted once.
  var stepCount: Int { get }
  /// The loss of the last update, finite or not.
  var lastLoss: Float { get }
  /// The mean entropy of the policy in the last update, in nats; nil, the default, if unknown.
  var lastEntropy: Double? { get }

  /// Learns from a batch.
  ///
  /// - Returns: the outcome, which tells whether the weights have changed.
  @discardableResult
  func learn(from batch: FragmentBatch) -> UpdateOutcome

  /// Returns the metrics reported since the last call, in a fixed order; empty if there were none.
  func takeMetrics() -> [(name: String, value: Double)]

  /// Returns the histograms counted since the last call, in a fixed order; empty by default.
  func takeHistograms() -> [(name: String, histogram: Histogram)]
}

extension BatchLearner {
  /// Nil: by default the entropy is not known.
  public var lastEntropy: Double? { nil }

  /// Returns no histograms.
  public func takeHistograms() -> [(name: String, histogram: Histogram)] { [] }
}

/// A learner around another one, which makes the updates.
///
/// Everything but ``BatchLearner/learn(from:)`` is that of the inner learner by default.
package protocol WrappingLearner: BatchLearner {
  /// The inner learner.
  var learner: any BatchLearner { get }
}

extension WrappingLearner {
  /// The number of optimizer steps so far.
  package var updateCount: Int { learner.updateCount }
  /// The number of skipped updates.
  package var skippedCount: Int { learner.skippedCount }
  /// The number of environment steps received so far.
  package var stepCount: Int { learner.stepCount }
  /// The loss of the last update.
  package var lastLoss: Float { learner.lastLoss }
  /// The entropy of the last update.
  package var lastEntropy: Double? { learner.lastEntropy }

  /// Returns the metrics reported since the last call.
  package func takeMetrics() -> [(name: String, value: Double)] { learner.takeMetrics() }

  /// Returns the histograms counted since the last call.
  package func takeHistograms() -> [(name: String, histogram: Histogram)] {
    learner.takeHistograms()
  }

  /// Saves or restores the state of the inner learner.
  package func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    try learner.transfer(&archive)
  }
}
