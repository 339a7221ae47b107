/// A learner around another one, which makes the updates.
///
/// Everything but ``BatchLearner/learn(from:)`` is that of the inner learner by default.
public protocol WrappingLearner: BatchLearner {
  /// The inner learner.
  var learner: any BatchLearner { get }
}

extension WrappingLearner {
  /// The number of optimizer steps so far.
  public var updateCount: Int { learner.updateCount }
  /// The number of skipped updates.
  public var skippedCount: Int { learner.skippedCount }
  /// The number of environment steps received so far.
  public var stepCount: Int { learner.stepCount }
  /// The loss of the last update.
  public var lastLoss: Float { learner.lastLoss }

  /// Returns the metrics reported since the last call.
  public func takeMetrics() -> [(name: String, value: Double)] { learner.takeMetrics() }

  /// Returns the histograms counted since the last call.
  public func takeHistograms() -> [(name: String, histogram: Histogram)] {
    learner.takeHistograms()
  }

  /// Saves or restores the state of the inner learner.
  public func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    try learner.transfer(&archive)
  }
}
