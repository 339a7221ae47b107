import Actor
import Rollout

/// A learner that wraps another one and keeps the running statistics stored in the weights.
///
/// The statistics are those of observations and of returns. A batch is learned from with the
/// statistics that its newest fragments were collected with. It is added to them afterwards, and
/// the weights of the next version bring the new statistics to workers, checkpoints and
/// evaluations.
package final class NormalizingLearner: WrappingLearner {
  /// The inner learner.
  package let learner: any BatchLearner
  private let observations: ObservationStatistics?
  private let returns: ReturnStatistics?
  private let exchange: UpdateExchange?

  /// Creates the statistics for which the policy's weights have buffers; nil if they have none.
  ///
  /// - Parameters:
  ///   - learner: the learner that updates the weights.
  ///   - batchLayout: the layout of the batches, [T, n·B].
  ///   - parameters: the policy's parameters, including its buffers.
  ///   - weights: the weights, which are trained in place.
  ///   - discount: γ of the returns; their variance scales rewards.
  ///   - exchange: the exchange with other ranks; nil for a learner alone.
  package init?(
    _ learner: any BatchLearner, batchLayout: FragmentLayout, parameters: ParameterLayout,
    weights: FlatVector<Float>, discount: Double, exchange: UpdateExchange? = nil
  ) {
    self.learner = learner
    self.exchange = exchange
    observations = ObservationStatistics(batchLayout, parameters, weights)
    returns = ReturnStatistics(batchLayout, parameters, weights, discount: discount)
    if observations == nil, returns == nil { return nil }
  }

  /// Learns from a batch, then adds it to the statistics, even if the update was skipped.
  @discardableResult
  package func learn(from batch: FragmentBatch) -> UpdateOutcome {
    let outcome = learner.learn(from: batch)
    // Leaves the statistics unchanged: the last sound weights are saved as they were evaluated.
    if case .diverged = outcome { return outcome }
    // Another rank had no batch, so this one was not learned from.
    if exchange?.isOver == true { return outcome }
    observations?.add(batch.view, over: exchange)
    returns?.add(batch, over: exchange)
    return outcome
  }

  /// Saves or restores the statistics and the state of the wrapped learner.
  package func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    try observations?.transfer(&archive)
    try returns?.transfer(&archive)
    try learner.transfer(&archive)
  }
}
