import Actor
import Rollout

/// An update of the weights from one batch: forward pass, backward pass, clipping, optimizer step.
///
/// This is the body of a custom training loop (see `LossFunction`) with schedules and metrics. An
/// update allocates nothing. Updates that would corrupt the weights are skipped or undone; see
/// `UpdateOutcome`.
public final class PolicyUpdate: BatchLearner {
  /// The weights, which are trained in place.
  public var weights: FlatVector<Float> { function.weights }
  /// The number of updates so far.
  public private(set) var updateCount = 0
  /// The number of batches skipped because their loss, gradient or content was not finite.
  public private(set) var skippedCount = 0
  /// The number of environment steps learned from so far, including those of skipped updates.
  public var stepCount: Int { earlierSteps + (updateCount + skippedCount) * stepsPerUpdate }
  /// The loss of the last batch, finite or not.
  public private(set) var lastLoss: Float = 0
  /// The mean entropy of the policy in the last batch, in nats; nil if the objective reports none.
  public private(set) var lastEntropy: Double?

  /// The steps of all ranks in an update.
  private var stepsPerUpdate: Int
  /// The difference that updates with another number of ranks make to the number of steps.
  private var earlierSteps = 0
  private let function: LossFunction
  private let optimizerStep: GuardedStep
  /// The choice of the threads for the next update; nil if there is none.
  private var threadChoice: ThreadChoice?
  private let optimizer: any Optimizer<Float>
  /// The exchange with other ranks; nil for a learner alone.
  private(set) var exchange: UpdateExchange?
  /// The figures that are exchanged: the loss and the divergence, then the metrics.
  private let exchangedSummaries: [MetricSummary]
  /// The place of the policy's mean entropy among the reported metrics, if it is one of them.
  private let entropy: Int?
  private let maximumGradientNorm: Double
  /// The schedule of the learning rate and its place in the metrics; nil for a constant rate.
  private let learningRate: (schedule: Schedule, place: Int?)?
  /// The name that distinguishes the update from the learner's first one.
  private let name: String?
  private let totalSteps: Int

  private var metrics = UpdateMetrics()
  private var histograms: [Histogram]
  private let lossPlace: Int
  private let normPlace: Int
  /// The places of the function's metrics, in the function's order.
  private let reportedPlaces: [Int]
  private let coefficientPlaces: [Int]
  /// The layers whose gradients are measured: place in the metrics, weights, newest norm.
  private var layers: [(place: Int, ranges: [Range<Int>], norm: Double)]

  /// The largest entropy, in nats, and gradient magnitude of a nearly certain policy.
  ///
  /// Only the gradients of weights that the logits depend on count.
  static let negligible = 0.01

  /// Traces policy and objective for batches of a layout.
  ///
  /// - Parameters:
  ///   - policy: the policy to train.
  ///   - objective: the loss to minimize.
  ///   - bootstrap: the source of the value estimate for the state behind the last row; only used
  ///     by objectives with a value estimate.
  ///   - layout: the layout of the batches, [T, n·B].
  ///   - weights: the weights, which are trained in place.
  ///   - optimizer: the optimizer of the weights.
  ///   - maximumGradientNorm: the norm to which longer gradients are clipped.
  ///   - learningRate: the schedule of the learning rate; nil leaves the optimizer's rate as it is.
  ///   - totalSteps: the environment steps of schedules without their own number of steps.
  ///   - layers: the parameters by whose layers the gradient's norm is reported as
  ///     `grad_norm/LAYER`, before clipping; nil for the norm of the whole gradient alone.
  ///   - name: the name that distinguishes the update from the learner's first one in the metrics
  ///     `NAME_loss` and `NAME_grad_norm` and in the run's state; nil for the first one, which also
  ///     reports the learning rate.
  ///   - threads: the threads that share the work of large batches; nil for the caller's alone.
  ///     Results do not depend on them.
  /// - Throws: `PolicyError` if the policy does not support the layout's spaces or lacks an output
  ///   that the objective needs.
  public init(
    _ policy: any Policy, _ objective: some Objective, bootstrap: Bootstrap = .actor,
    layout: FragmentLayout, weights: FlatVector<Float>, optimizer: any Optimizer<Float>,
    maximumGradientNorm: Double = .infinity, learningRate: Schedule? = nil, totalSteps: Int = 1,
    layers: ParameterLayout? = nil, named name: String? = nil, threads: ThreadPool? = nil
  ) throws(PolicyError) {
    function = try LossFunction(
      policy, objective, bootstrap: bootstrap, layout: layout, weights: weights,
      totalSteps: totalSteps, threads: threads)
    exchangedSummaries = [.mean, .mean] + function.reported.map(\.summary)
    stepsPerUpdate = layout.stepCount * layout.environmentCount
    self.optimizer = optimizer
    optimizerStep = GuardedStep(
      of: optimizer, weights: weights, gradients: function.gradients, threads: threads)
    threadChoice =
      function.usesThreads || optimizerStep.usesThreads ? ThreadChoice(threads) : nil
    self.maximumGradientNorm = maximumGradientNorm
    self.totalSteps = totalSteps
    entropy = function.reported.firstIndex { $0.name == "entropy" }

    self.name = name
    let prefix = name.map { "\($0)_" } ?? ""
    var metrics = UpdateMetrics()
    lossPlace = metrics.place(prefix + "loss", .mean)
    reportedPlaces = function.reported.map { metrics.place($0.name, $0.summary) }
    histograms = function.distributions.map(\.histogram)
    normPlace = metrics.place(prefix + "grad_norm", .mean)
    if let learningRate { optimizer.learningRate = Float(learningRate.first) }
    self.learningRate = learningRate.flatMap { schedule in
      schedule.isConstant
        ? nil : (schedule, name == nil ? metrics.place("learning_rate", .newest) : nil)
    }
    coefficientPlaces = function.coefficients.map { metrics.place($0.name, .newest) }
    self.layers = (layers?.layers ?? []).map { layer in
      (metrics.place("grad_norm/\(layer.name)", .mean), layer.ranges, 0)
    }
    self.metrics = metrics
  }

  /// Makes every update one of all ranks, each of which learns from a batch of its own.
  package func join(_ exchange: UpdateExchange) {
    self.exchange = exchange
    stepsPerUpdate *= exchange.ranks.count
    exchange.prepare(weightCount: weights.count, exchangedSummaries)
  }

  /// Learns from a batch.
  @discardableResult
  public func learn(from batch: FragmentBatch) -> UpdateOutcome { learn(from: batch.view) }

  /// Learns from a batch in any memory.
  @discardableResult
  public func learn(from batch: FragmentView) -> UpdateOutcome { learn(from: batch, at: stepCount) }

  /// Learns from a batch or a minibatch.
  ///
  /// - Parameters:
  ///   - step: the environment steps learned from so far, for schedules.
  ///   - largestDivergence: the divergence from the behavior policy above which nothing is learned.
  func learn(
    from batch: FragmentView, at step: Int, upTo largestDivergence: Double = .infinity
  ) -> UpdateOutcome {
    threadChoice?.beginUpdate()
    let loss = function(batch, at: step)
    lastLoss = loss.value
    if exchange == nil, let divergence = loss.divergence, Double(divergence) > largestDivergence {
      return .tooFar
    }
    function.zeroGradients()
    loss.backward()
    if let exchange {
      // Other ranks wait for this one, so the gradient is exchanged even if it is not used.
      let isShared = exchange.average(
        function.gradients, share: batch.playedShare, exchangedSummaries
      ) { index in
        switch index {
        case 0: Double(loss.value)
        case 1: Double(loss.divergence ?? 0)
        default: function.value(of: function.reported[index - 2])
        }
      }
      guard isShared, exchange.value(1) <= largestDivergence || exchange.value(1).isNaN else {
        return .tooFar
      }
    }
    return move(at: step)
  }

  /// Draws the normal numbers of the next update, for an objective with noise.
  public func drawNoise(using random: inout PCG64) { function.drawNoise(using: &random) }

  /// Sets the importance weights of the next update, [T, B] row by row.
  func weigh(_ weights: [Float]) { function.weigh(weights) }

  /// Returns the mean magnitude of the temporal-difference errors of an environment's steps.
  func meanError(of environment: Int) -> Double { function.meanError(of: environment) }

  /// Takes part in an update of all ranks without a batch of this one.
  func learnFromOthers(at step: Int) -> UpdateOutcome {
    function.zeroGradients()
    let isShared = exchange?.average(
      function.gradients, share: 0, exchangedSummaries, figure: { _ in 0 })
    guard isShared == true else { return .tooFar }
    return move(at: step)
  }

  /// Moves the weights along the gradients.
  private func move(at step: Int) -> UpdateOutcome {
    if let exchange { lastLoss = Float(exchange.value(0)) }
    for index in layers.indices {
      var sum = 0.0
      for range in layers[index].ranges { sum += function.gradients.squareSum(in: range) }
      layers[index].norm = sum.squareRoot()
    }
    let norm = function.gradients.clipNorm(to: maximumGradientNorm, in: function.learnedRange)
    guard lastLoss.isFinite, norm.isFinite else {
      skippedCount += 1
      return .skipped
    }
    if let learningRate {
      optimizer.learningRate = Float(learningRate.schedule.value(at: step, of: totalSteps))
    }
    if let fault = optimizerStep.take() { return .diverged(fault) }
    updateCount += 1
    report(norm, at: step)
    return outcome
  }

  /// Returns a metric of the last update, over the batches of all ranks.
  private func figure(_ index: Int) -> Double {
    exchange?.value(index + 2) ?? function.value(of: function.reported[index])
  }

  /// The number of ranks that learn together.
  var rankCount: Int { exchange?.ranks.count ?? 1 }

  /// Counts a batch that is skipped without evaluating its loss.
  func skip() { skippedCount += 1 }

  /// The outcome of a batch that moved the weights.
  private var outcome: UpdateOutcome {
    guard let entropy else { return .learned }
    let chance = figure(entropy)
    guard chance <= Self.negligible else { return .learned }
    var largest: Float = 0
    for range in function.policyWeights {
      largest = max(largest, function.gradients.largestMagnitude(in: range))
    }
    guard Double(largest) <= Self.negligible else { return .learned }
    return chance == 0 && largest == 0 ? .certain : .nearlyCertain
  }

  private func report(_ norm: Double, at step: Int) {
    lastEntropy = entropy.map { figure($0) }
    metrics.add(Double(lastLoss), at: lossPlace)
    for (index, place) in reportedPlaces.enumerated() { metrics.add(figure(index), at: place) }
    for index in histograms.indices {
      function.count(function.distributions[index], in: &histograms[index])
    }
    metrics.add(norm, at: normPlace)
    for layer in layers { metrics.add(layer.norm, at: layer.place) }
    if let learningRate, let place = learningRate.place {
      metrics.add(learningRate.schedule.value(at: step, of: totalSteps), at: place)
    }
    for (coefficient, place) in zip(function.coefficients, coefficientPlaces) {
      metrics.add(function.value(of: coefficient), at: place)
    }
  }

  /// Returns the metrics reported since the last call, in a fixed order.
  ///
  /// It is empty if there was no update.
  public func takeMetrics() -> [(name: String, value: Double)] { metrics.take() }

  /// Returns the histograms counted since the last call.
  public func takeHistograms() -> [(name: String, histogram: Histogram)] {
    histograms.indices.map { (function.distributions[$0].name, histograms[$0].take()) }
  }

  /// Saves or restores the counters and the optimizer's state, but not the weights.
  ///
  /// `RunState` saves the weights, because it has their names.
  public func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    // `stepCount` adds two such counts, and twice the limit still fits into it.
    let limit = StateArchive.largestCount / stepsPerUpdate
    let prefix = name.map { "\($0)." } ?? ""
    try archive.transfer(prefix + "updates", count: &updateCount, upTo: limit)
    try archive.transfer(prefix + "skipped_updates", count: &skippedCount, upTo: limit)
    if archive.isRestoring, let steps = archive.steps {
      earlierSteps = steps - (updateCount + skippedCount) * stepsPerUpdate
    }
    try archive.transfer(
      prefix + "optimizer.step_count", count: &optimizer.stepCount, upTo: StateArchive.largestCount)
    for (name, values) in optimizer.state {
      try archive.transfer("\(prefix)optimizer.\(name)", values)
      try archive.require(
        "\(prefix)optimizer.\(name)",
        !name.hasSuffix("square") || values.elements.allSatisfy { $0 >= 0 },
        "has a negative square")
    }
  }
}
