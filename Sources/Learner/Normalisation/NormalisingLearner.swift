import Actor
import Rollout

/// Learns as another learner does, and keeps the statistics that the weights carry: of observations, of returns.
///
/// A batch is learnt from with the statistics that its newest fragments were collected with; it becomes a part of them afterwards,
/// so that the weights of the next version bring them to workers, checkpoints and evaluations.
public final class NormalisingLearner: BatchLearner {
  private let learner: any BatchLearner
  private let observations: ObservationStatistics?
  private let returns: ReturnStatistics?

  /// Prepares statistics of what the policy's weights have buffers for; `nil` where that is nothing.
  ///
  /// - Parameters:
  ///   - learner: what learns.
  ///   - batchLayout: the batches, [T, n·B].
  ///   - parameters: the policy's, with its buffers.
  ///   - weights: the weights that are trained in place.
  ///   - discount: γ of the returns whose variance scales rewards.
  public init?(
    _ learner: any BatchLearner, batchLayout: FragmentLayout, parameters: ParameterLayout,
    weights: FlatVector<Float>, discount: Double
  ) {
    self.learner = learner
    observations = ObservationStatistics(batchLayout, parameters, weights)
    returns = ReturnStatistics(batchLayout, parameters, weights, discount: discount)
    if observations == nil, returns == nil { return nil }
  }

  /// Steps of the optimiser so far.
  public var updateCount: Int { learner.updateCount }
  /// Updates that moved nothing.
  public var skippedCount: Int { learner.skippedCount }
  /// Environment steps that came in so far.
  public var stepCount: Int { learner.stepCount }
  /// The loss of the last update.
  public var lastLoss: Float { learner.lastLoss }

  /// Learns from a batch, and then adds it to the statistics, whether it was skipped or not.
  @discardableResult
  public func learn(from batch: FragmentBatch) -> UpdateOutcome {
    let outcome = learner.learn(from: batch)
    // The last sound weights are saved as they were evaluated.
    if case .diverged = outcome { return outcome }
    observations?.add(batch.view)
    returns?.add(batch)
    return outcome
  }

  /// What was reported since the last call.
  public func takeMetrics() -> [(name: String, value: Double)] { learner.takeMetrics() }

  /// What was counted since the last call.
  public func takeHistograms() -> [(name: String, histogram: Histogram)] {
    learner.takeHistograms()
  }

  /// The statistics, and what the learner within goes on from.
  public func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    try observations?.transfer(&archive)
    try returns?.transfer(&archive)
    try learner.transfer(&archive)
  }
}
