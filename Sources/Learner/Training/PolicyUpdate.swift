import Actor
import Rollout

/// One update of the weights from one batch: forwards, backwards, clip, step.
///
/// This is the body of a loop of one's own (`LossFunction`) with schedules and metrics. An update allocates nothing. What
/// would poison the weights is not done: see `UpdateOutcome`.
public final class PolicyUpdate: BatchLearner {
  /// The weights that are trained, in place.
  public var weights: FlatVector<Float> { function.weights }
  /// Updates made so far.
  public private(set) var updateCount = 0
  /// Batches that moved nothing, because their loss or gradient was not finite, or would have been.
  public private(set) var skippedCount = 0
  /// Environment steps learnt from so far, those of skipped updates included.
  public var stepCount: Int { (updateCount + skippedCount) * stepsPerUpdate }
  /// The loss of the last batch, finite or not.
  public private(set) var lastLoss: Float = 0

  private let stepsPerUpdate: Int
  private let function: LossFunction
  private let optimiser: any Optimiser<Float>
  /// The policy's mean entropy, if the objective reports it.
  private let entropy: TracedLoss.Metric?
  private let maximumGradientNorm: Double
  /// The learning rate, if it changes, and where it is reported.
  private let learningRate: (schedule: Schedule, place: Int)?
  private let totalSteps: Int
  /// The weights as they were before the last step.
  private let earlierWeights: FlatVector<Float>

  private var metrics = UpdateMetrics()
  private var histograms: [Histogram]
  private let lossPlace: Int
  private let normPlace: Int
  /// Where the function's metrics and coefficients are reported, in its order.
  private let reportedPlaces: [Int]
  private let coefficientPlaces: [Int]

  /// A weight larger than this is none that anything could be learnt with in Float: the run has diverged.
  static let largestWeight: Float = 1e6
  /// A step that moves a weight further than this is none of a run that learns: docs/optimisation.md has the largest of sound runs.
  static let largestMove: Float = 1e3
  /// An entropy in nats, and a gradient of a weight that actions depend on, up to which a policy is
  /// nearly certain.
  static let negligible = 0.01

  /// Traces policy and objective for batches of a layout.
  ///
  /// - Parameters:
  ///   - policy: the policy that is trained.
  ///   - objective: what to minimise.
  ///   - bootstrap: who says what the state behind the last row is worth, of meaning to objectives with a value.
  ///   - layout: the batches, [T, n·B].
  ///   - weights: the weights to train in place.
  ///   - optimiser: turns gradients into steps.
  ///   - maximumGradientNorm: the norm that longer gradients are shortened to.
  ///   - learningRate: what the optimiser's step size is before each update; nil leaves it to the optimiser.
  ///   - totalSteps: the environment steps that schedules go over which do not say so themselves.
  /// - Throws: `PolicyError` when the policy cannot deal with the layout's spaces, or does not say what the objective needs.
  public init(
    _ policy: any Policy, _ objective: some Objective, bootstrap: Bootstrap = .actor,
    layout: FragmentLayout, weights: FlatVector<Float>, optimiser: any Optimiser<Float>,
    maximumGradientNorm: Double = .infinity, learningRate: Schedule? = nil, totalSteps: Int = 1
  ) throws(PolicyError) {
    function = try LossFunction(
      policy, objective, bootstrap: bootstrap, layout: layout, weights: weights,
      totalSteps: totalSteps)
    stepsPerUpdate = layout.stepCount * layout.environmentCount
    self.optimiser = optimiser
    self.maximumGradientNorm = maximumGradientNorm
    self.totalSteps = totalSteps
    entropy = function.reported.first { $0.name == "entropy" }
    earlierWeights = FlatVector(repeating: 0, count: weights.count)

    var metrics = UpdateMetrics()
    lossPlace = metrics.place("loss", .mean)
    reportedPlaces = function.reported.map { metrics.place($0.name, $0.summary) }
    histograms = function.distributions.map(\.histogram)
    normPlace = metrics.place("grad_norm", .mean)
    if let learningRate { optimiser.learningRate = Float(learningRate.first) }
    self.learningRate = learningRate.flatMap { schedule in
      schedule.isConstant ? nil : (schedule, metrics.place("learning_rate", .newest))
    }
    coefficientPlaces = function.coefficients.map { metrics.place($0.name, .newest) }
    self.metrics = metrics
  }

  /// Learns from a batch.
  @discardableResult
  public func learn(from batch: FragmentBatch) -> UpdateOutcome { learn(from: batch.view) }

  /// Learns from a batch that lies in any memory.
  @discardableResult
  public func learn(from batch: FragmentView) -> UpdateOutcome { learn(from: batch, at: stepCount) }

  /// Learns from a batch, or from a part of one.
  ///
  /// - Parameters:
  ///   - step: environment steps learnt from so far, for schedules.
  ///   - largestDivergence: how far the trained policy may be from the one that collected.
  func learn(
    from batch: FragmentView, at step: Int, upTo largestDivergence: Double = .infinity
  ) -> UpdateOutcome {
    let loss = function(batch, at: step)
    lastLoss = loss.value
    if let divergence = loss.divergence, Double(divergence) > largestDivergence { return .tooFar }
    function.zeroGradients()
    loss.backward()
    let norm = function.gradients.clipNorm(to: maximumGradientNorm)
    guard lastLoss.isFinite, norm.isFinite else {
      skippedCount += 1
      return .skipped
    }
    if let learningRate {
      optimiser.learningRate = Float(learningRate.schedule.value(at: step, of: totalSteps))
    }
    earlierWeights.copy(weights)
    optimiser.step(weights, function.gradients)
    for group in optimiser.groups {
      if let fault = fault(in: group.range) {
        weights.copy(earlierWeights)
        return .diverged(fault)
      }
    }
    updateCount += 1
    report(norm, at: step)
    return outcome
  }

  /// Counts a batch that is skipped without a look at its loss.
  func skip() { skippedCount += 1 }

  /// What the last step did to some weights that none may do.
  private func fault(in range: Range<Int>) -> WeightFault? {
    let largest = weights.largestMagnitude(in: range)
    guard largest <= Self.largestWeight else { return .size(largest) }
    let move = weights.largestDistance(from: earlierWeights, in: range)
    return move <= Self.largestMove ? nil : .move(move)
  }

  /// The outcome of a batch that moved the weights.
  private var outcome: UpdateOutcome {
    guard let entropy else { return .learnt }
    let chance = function.value(of: entropy)
    guard chance <= Self.negligible else { return .learnt }
    var largest: Float = 0
    for range in function.policyWeights {
      largest = max(largest, function.gradients.largestMagnitude(in: range))
    }
    guard Double(largest) <= Self.negligible else { return .learnt }
    return chance == 0 && largest == 0 ? .certain : .nearlyCertain
  }

  private func report(_ norm: Double, at step: Int) {
    metrics.add(Double(lastLoss), at: lossPlace)
    for (metric, place) in zip(function.reported, reportedPlaces) {
      metrics.add(function.value(of: metric), at: place)
    }
    for index in histograms.indices {
      histograms[index].add(function.values(of: function.distributions[index]))
    }
    metrics.add(norm, at: normPlace)
    if let learningRate {
      metrics.add(learningRate.schedule.value(at: step, of: totalSteps), at: learningRate.place)
    }
    for (coefficient, place) in zip(function.coefficients, coefficientPlaces) {
      metrics.add(function.value(of: coefficient), at: place)
    }
  }

  /// What was reported since the last call: name and value, in a fixed order.
  ///
  /// Empty when there was no update.
  public func takeMetrics() -> [(name: String, value: Double)] { metrics.take() }

  /// What was counted since the last call.
  public func takeHistograms() -> [(name: String, histogram: Histogram)] {
    histograms.indices.map { (function.distributions[$0].name, histograms[$0].take()) }
  }

  /// Counters, and what the optimiser remembers; weights are saved by whoever has their names.
  public func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    // Twice that many steps still have a count.
    let limit = StateArchive.largestCount / stepsPerUpdate
    try archive.transfer("updates", count: &updateCount, upTo: limit)
    try archive.transfer("skipped_updates", count: &skippedCount, upTo: limit)
    try archive.transfer(
      "optimiser.step_count", count: &optimiser.stepCount, upTo: StateArchive.largestCount)
    for (name, values) in optimiser.state {
      try archive.transfer("optimiser.\(name)", values)
      try archive.require(
        "optimiser.\(name)", !name.hasSuffix("square") || values.buffer.allSatisfy { $0 >= 0 },
        "has a negative square")
    }
  }
}

/// What became of a batch.
public enum UpdateOutcome: Sendable, Equatable {
  /// The weights moved.
  case learnt
  /// The weights moved by some updates, and others were skipped, or the batch itself was left out of replay.
  case learntInPart
  /// As `learnt`, but entropy and gradient of the policy were exactly 0: it left no action to chance, and nothing changes that.
  case certain
  /// As `learnt`, but entropy and gradient of the policy were next to 0: almost nothing changes it.
  case nearlyCertain
  /// The policy is further from the one that collected than it may be: nothing moved.
  case tooFar
  /// The loss or its gradient was not finite: weights and optimiser stay bit for bit as they were.
  case skipped
  /// A step would have done to a weight what none may do: the weights are put back as they were, but the optimiser is not, so
  /// that nothing more can be learnt with it.
  case diverged(WeightFault)
}

/// What a step would have done to a weight, by which learning is known to diverge.
public enum WeightFault: Sendable, Equatable {
  /// Made it that large, larger than anything can be learnt with, or no number.
  case size(Float)
  /// Moved it that far at once.
  case move(Float)
}
