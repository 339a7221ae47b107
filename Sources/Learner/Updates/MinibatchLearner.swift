import Rollout

/// A learner that makes several passes over minibatches of each batch, as PPO does.
///
/// The minibatches of a pass are drawn without replacement. They are made of environments over all
/// rows of the batch, or of single steps. Either way a minibatch is a fragment itself. With
/// environments, estimators can run within it, and a recurrent core starts from its own state. With
/// steps, advantages and targets are those of `BatchEstimates`, made before the first pass.
/// Learning allocates nothing.
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
  private let unit: MinibatchUnit
  private let estimates: BatchEstimates?
  /// The minibatch's columns of estimates.
  private let estimateColumns: [Column]
  /// The batch's environments or steps, in the order of the present pass.
  private let order: FlatVector<Int32>
  /// The order before the batch.
  private let earlierOrder: FlatVector<Int32>
  private var random: PCG64

  /// Creates a learner that makes passes over each batch.
  ///
  /// - Parameters:
  ///   - epochs: the number of passes over each batch.
  ///   - minibatchCount: the number of minibatches in a pass.
  ///   - unit: the parts of a batch that minibatches are drawn from.
  ///   - minibatchSize: the number of units in a minibatch; nil for as many as possible. A pass
  ///     leaves out the remaining ones, others each time.
  ///   - targetDivergence: the target KL divergence of the trained policy from the behavior policy.
  ///     Above 1.5 times this value the rest of the batch is left out; infinity for never.
  ///   - batchLayout: the layout of the batches, [T, n·B].
  ///   - random: the random stream that shuffles environments or steps.
  ///   - estimates: the estimates to make before the first pass; nil if the loss makes its own.
  ///   - makeUpdate: creates the update for the layout of a minibatch.
  /// - Throws: the errors of `makeUpdate`.
  /// - Precondition: `minibatchCount` divides the number of the batch's environments, or
  ///   `minibatchSize` is given. Minibatches of steps have estimates, and no recurrent state.
  public init(
    epochs: Int, minibatchCount: Int, of unit: MinibatchUnit = .environments,
    minibatchSize: Int? = nil, targetDivergence: Double = .infinity, batchLayout: FragmentLayout,
    random: PCG64, estimates: BatchEstimates? = nil,
    makeUpdate: (FragmentLayout) throws -> PolicyUpdate
  ) throws {
    let isOfSteps = unit == .steps
    let count = batchLayout.environmentCount * (isOfSteps ? batchLayout.stepCount : 1)
    let size = minibatchSize ?? count / minibatchCount
    precondition(epochs > 0 && minibatchCount > 0, "no pass, or passes of no parts")
    precondition(
      size > 0 && size * minibatchCount <= count && count <= Int32.max
        && (isOfSteps || minibatchSize != nil || count.isMultiple(of: minibatchCount)),
      "\(count) \(unit) in \(minibatchCount) parts")
    precondition(
      !isOfSteps || estimates != nil && batchLayout.contents.recurrentState.leaves.isEmpty,
      "single steps with a recurrent state, or without estimates")
    self.epochs = epochs
    self.unit = unit
    self.estimates = estimates
    partCount = minibatchCount
    largestDivergence = 1.5 * targetDivergence
    self.random = random
    var contents = batchLayout.contents
    if estimates != nil { contents.estimates = StepEstimates.contents }
    let layout = FragmentLayout(
      stepCount: isOfSteps ? 1 : batchLayout.stepCount, environmentCount: size, contents: contents)
    part = FragmentStorage(layout)
    estimateColumns = layout.estimates.leaves
    order = FlatVector(repeating: 0, count: count)
    earlierOrder = FlatVector(repeating: 0, count: count)
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
    let (step, earlierRandom) = (stepCount, random)
    stepCount += batch.layout.stepCount * batch.layout.environmentCount * update.rankCount
    if update.exchange != nil { earlierOrder.copy(order) }
    estimates?.make(for: batch)
    let size = part.view.layout.environmentCount
    var parts = PartOutcomes()
    for _ in 0..<epochs {
      shuffle()
      for index in 0..<partCount {
        gather(index * size..<(index + 1) * size, of: batch)
        let outcome = update.learn(from: part.view, at: step, upTo: largestDivergence)
        if case .diverged = outcome { return outcome }
        parts.add(outcome)
        guard outcome == .tooFar else { continue }
        if update.exchange?.isOver == true {
          // Another rank had no batch, so this one was not learned from.
          (stepCount, random) = (step, earlierRandom)
          order.copy(earlierOrder)
        }
        return parts.outcome
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

  /// Saves or restores the step count, the order of the units, its random stream and the update.
  public func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    try archive.transfer("minibatches.steps", count: &stepCount, upTo: StateArchive.largestCount)
    try archive.transfer("minibatches.order", elementsOf: order)
    try archive.require(
      "minibatches.order", order.elements.sorted().elementsEqual(0..<Int32(order.count)),
      "is not an order of \(order.count) \(unit)")
    try archive.transfer("minibatches.random", &random)
    try update.transfer(&archive)
  }

  /// Copies a range of the present order into the minibatch, with its estimates.
  private func gather(_ range: Range<Int>, of batch: FragmentView) {
    let order = order
    let places = order.span(range)
    switch unit {
    case .environments: part.view.gather(places, of: batch)
    case .steps: part.view.gather(steps: places, of: batch)
    }
    estimates?.copy(places, to: part.view, estimateColumns)
  }

  /// Shuffles the environments or steps by the algorithm of Fisher and Yates.
  private func shuffle() {
    for index in stride(from: order.count - 1, to: 0, by: -1) {
      let other = random.integer(below: index + 1)
      (order[index], order[other]) = (order[other], order[index])
    }
  }
}

/// The parts of a batch that minibatches are drawn from.
public enum MinibatchUnit: String, Sendable, CaseIterable {
  /// Whole environments, over all rows of the batch.
  case environments
  /// Single steps of any environment; for policies without recurrent state.
  case steps
}
