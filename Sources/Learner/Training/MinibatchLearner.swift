import Rollout

/// Learns from each batch in several passes over parts of it, as PPO does.
///
/// A part is some of the batch's environments over all its rows, and so a fragment itself: estimators run within it, and a
/// recurrent core begins with its own state. The parts of a pass are drawn without replacement; nothing is allocated.
public final class MinibatchLearner: BatchLearner {
  /// Environment steps learnt from so far.
  public private(set) var stepCount = 0
  /// Steps of the optimiser so far.
  public var updateCount: Int { update.updateCount }
  /// Updates that moved nothing.
  public var skippedCount: Int { update.skippedCount }
  /// The loss of the last update.
  public var lastLoss: Float { update.lastLoss }

  private let update: PolicyUpdate
  private let epochs: Int
  private let partCount: Int
  private let largestDivergence: Double
  private let part: FragmentStorage
  /// The batch's environments, in the order of the pass.
  private let order: FlatVector<Int32>
  private var random: PCG64

  /// Learns in passes over a batch.
  ///
  /// - Parameters:
  ///   - epochs: passes over each batch.
  ///   - minibatchCount: parts of a pass; divides the batch's environments.
  ///   - targetDivergence: the KL divergence of the trained policy from the one that collected, at 1.5 times of which the
  ///     rest of the batch is left alone; infinity for never.
  ///   - batchLayout: the batches, [T, n·B].
  ///   - random: the stream that orders environments.
  ///   - makeUpdate: makes the update for parts of that layout.
  /// - Throws: what `makeUpdate` throws.
  /// - Precondition: the batch's environments can be shared out evenly.
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
  /// - Returns: as below.
  @discardableResult
  public func learn(from batch: FragmentBatch) -> UpdateOutcome { learn(from: batch.view) }

  /// Learns from a batch that lies in any memory.
  ///
  /// - Returns: `learntInPart` if some parts were skipped and `skipped` if all were, `certain` if all were; what a part did that
  ///   diverged, which is the last one.
  @discardableResult
  public func learn(from batch: FragmentView) -> UpdateOutcome {
    let step = stepCount
    stepCount += batch.layout.stepCount * batch.layout.environmentCount
    let size = order.count / partCount
    var parts = PartOutcomes()
    for _ in 0..<epochs {
      shuffle()
      for index in 0..<partCount {
        part.view.gather(
          UnsafeBufferPointer(start: order.base + index * size, count: size), of: batch)
        let outcome = update.learn(from: part.view, at: step, upTo: largestDivergence)
        if case .diverged = outcome { return outcome }
        parts.add(outcome)
        if outcome == .tooFar { return parts.outcome }
      }
    }
    return parts.outcome
  }

  /// What was reported since the last call, over all steps of the optimiser.
  public func takeMetrics() -> [(name: String, value: Double)] { update.takeMetrics() }

  /// What was counted since the last call.
  public func takeHistograms() -> [(name: String, histogram: Histogram)] {
    update.takeHistograms()
  }

  /// The count of steps, the order of environments and the stream that shuffles it, and what the update goes on from.
  public func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    try archive.transfer("minibatches.steps", count: &stepCount, upTo: StateArchive.largestCount)
    try archive.transfer("minibatches.order", order)
    try archive.require(
      "minibatches.order", order.elements.sorted().elementsEqual(0..<Int32(order.count)),
      "is no order of \(order.count) environments")
    try archive.transfer("minibatches.random", &random)
    try update.transfer(&archive)
  }

  /// Fisher and Yates.
  private func shuffle() {
    for index in stride(from: order.count - 1, to: 0, by: -1) {
      let other = random.integer(below: index + 1)
      (order[index], order[other]) = (order[other], order[index])
    }
  }
}
