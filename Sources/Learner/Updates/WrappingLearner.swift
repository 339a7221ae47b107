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
