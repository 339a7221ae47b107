import Rollout

/// A learner that makes several passes over minibatches of each batch, as PPO does.
///
/// A minibatch holds some of the batch's environments over all its rows, and is therefore a
/// fragment itself: estimators run within it, and a recurrent core starts from its own state. The
/// minibatches of a pass are drawn without replacement. Learning allocates nothing.
public final class MinibatchLearner: BatchLearner {
  /// The number of environment steps learned from so far.
  public private(set) var stepCount = 0
  /// The number of optimizer steps so far.
  public var updateCount: Int { update.updateCount }
  /// The number of updates skipped because their loss or gradient was not finite.
  public var skippedCount: Int { update.skippedCount }
  /// The loss of the last update.
  public var lastLoss: Float { update.lastLoss }
  /// The mean entropy of the policy in the last minibatch, in nats; nil if unknown.
  public var lastEntropy: Double? { update.lastEntropy }

  private let update: PolicyUpdate
  private let epochs: Int
  private let partCount: Int
  private let largestDivergence: Double
  private let part: FragmentStorage
  /// The batch's environments, in the order of the present pass.
  private let order: FlatVector<Int32>
  private var random: PCG64

  /// Creates a learner that makes passes over each batch.
  ///
  /// - Parameters:
  ///   - epochs: the number of passes over each batch.
  ///   - minibatchCount: the number of minibatches in a pass.
  ///   - targetDivergence: the target KL divergence of the trained policy from the behavior policy.
  ///     Above 1.5 times this value the rest of the batch is left out; infinity for never.
  ///   - batchLayout: the layout of the batches, [T, n·B].
  ///   - random: the random stream that shuffles environments.
  ///   - makeUpdate: creates the update for the layout of a minibatch.
  /// - Throws: the errors of `makeUpdate`.
  /// - Precondition: `minibatchCount` divides the number of the batch's environments.
  public init(
    epochs: Int, minibatchCount: Int, targetDivergence: Double = .infinity,
    batchLayout: FragmentLayout, random: PCG64,
    makeUpdate: (FragmentLayout) throws -> PolicyUpdate
  ) throws {
    let count = batchLayout.environmentCount
    precondition(epochs > 0 && minibatchCount > 0, "no pass, or passes of no parts")
    precondition(
      count.isMultiple(of: minibatchCount), "\(count) environments in \(minibatchCount) parts")
    self.epochs = epochs
    partCount = minibatchCount
    largestDivergence = 1.5 * targetDivergence
    self.random = random
    let layout = batchLayout.resized(environmentCount: count / minibatchCount)
    part = FragmentStorage(layout)
    order = FlatVector(repeating: 0, count: count)
    for index in 0..<count { order[index] = Int32(index) }
    update = try makeUpdate(layout)
  }

  /// Learns from a batch.
  ///
  /// - Returns: the outcome, as for a batch in any memory.
  @discardableResult
  public func learn(from batch: FragmentBatch) -> UpdateOutcome { learn(from: batch.view) }

  /// Learns from a batch in any memory.
  ///
  /// - Returns: `skipped` if all updates were skipped, `learnedInPart` if some were. `certain` or
  ///   `nearlyCertain` if all updates were. `diverged` if an update was, after which the rest of
  ///   the batch is left out. `learned` in all other cases.
  @discardableResult
  public func learn(from batch: FragmentView) -> UpdateOutcome {
    let step = stepCount
    stepCount += batch.layout.stepCount * batch.layout.environmentCount
    let order = order
    let size = order.count / partCount
    var parts = PartOutcomes()
    for _ in 0..<epochs {
      shuffle()
      for index in 0..<partCount {
        part.view.gather(order.span(index * size..<(index + 1) * size), of: batch)
        let outcome = update.learn(from: part.view, at: step, upTo: largestDivergence)
        if case .diverged = outcome { return outcome }
        parts.add(outcome)
        if outcome == .tooFar { return parts.outcome }
      }
    }
    return parts.outcome
  }

  /// Returns the metrics reported since the last call, over all optimizer steps.
  public func takeMetrics() -> [(name: String, value: Double)] { update.takeMetrics() }

  /// Returns the histograms counted since the last call.
  public func takeHistograms() -> [(name: String, histogram: Histogram)] {
    update.takeHistograms()
  }

  /// Saves or restores the step count, the order of environments, its random stream and the update.
  public func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    try archive.transfer("minibatches.steps", count: &stepCount, upTo: StateArchive.largestCount)
    try archive.transfer("minibatches.order", order)
    try archive.require(
      "minibatches.order", order.elements.sorted().elementsEqual(0..<Int32(order.count)),
      "is not an order of \(order.count) environments")
    try archive.transfer("minibatches.random", &random)
    try update.transfer(&archive)
  }

  /// Shuffles the environments by the algorithm of Fisher and Yates.
  private func shuffle() {
    for index in stride(from: order.count - 1, to: 0, by: -1) {
      let other = random.integer(below: index + 1)
      (order[index], order[other]) = (order[other], order[index])
    }
  }
}
