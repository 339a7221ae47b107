import Actor
import Rollout

/// A loss function of batches with its gradients, for custom training loops.
///
/// ```swift
/// let reinforce = try LossFunction(
///   policy, Reinforce(), layout: rollout.batchLayout, weights: setup.weights)
/// let optimizer = Adam<Float>(count: setup.weights.count, learningRate: 0.005)
/// for _ in 0..<500 {
///   let loss = reinforce(try rollout.next())
///   reinforce.zeroGradients()
///   loss.backward()
///   reinforce.gradients.clipNorm(to: 0.5)
///   optimizer.step(reinforce.weights, reinforce.gradients)
///   rollout.publish(reinforce.weights)
/// }
/// ```
///
/// The graph is traced once for batches of one shape. A call allocates nothing. `Loss.backward()`
/// allocates only when gradients are accumulated for the first time. `PolicyUpdate` is the body of
/// such a loop, with a guard against harmful steps.
public final class LossFunction {
  /// The policy's weights, which may be changed between calls.
  public let weights: FlatVector<Float>
  /// The gradients of all losses since `zeroGradients()`, added up by `Loss.backward()`.
  ///
  /// Those of weights that the loss does not train are always 0.
  public var gradients: FlatVector<Float> { executor.gradients }
  /// The smallest range that holds all weights that the loss trains.
  var learnedRange: Range<Int> { executor.learnedRange }
  /// True if threads share the work of a batch.
  var usesThreads: Bool { executor.pool != nil }
  /// The number of environment steps in all batches that the function was called with.
  package private(set) var stepCount = 0

  /// The metrics of the objective.
  let reported: [TracedLoss.Metric]
  /// The histograms of the objective.
  let distributions: [TracedLoss.Distribution]
  /// The coefficients of the loss that follow a schedule that is not constant.
  let coefficients: [Coefficient]
  /// The slices of learned weights that the policy's logits depend on.
  let policyWeights: [Range<Int>]

  private let layout: FragmentLayout
  private let executor: Executor<Float>
  private let loss: Tensor
  private let divergence: Tensor?
  /// The inputs of normal numbers, and true if they were filled since the last call.
  private let noise: [Tensor]
  private var isNoiseDrawn = false
  /// The parts of the loss for prioritized replay, and true if they were weighed since the last
  /// call.
  private let prioritization: TracedLoss.Prioritization?
  private var isWeighed = false
  private let totalSteps: Int
  /// The environment steps at which schedules were evaluated in the last call.
  private var step = 0
  /// The number of calls; metrics and gradients exist only for the newest.
  private var callCount = 0
  /// Keeps the memory of the last batch alive for the backward pass.
  private var batchOwner: AnyObject?
  private var areGradientsZero = true
  /// The sum of the gradients so far, while those of another batch are computed.
  private lazy var earlierGradients = FlatVector<Float>(repeating: 0, count: weights.count)

  /// Traces policy and objective for batches of a layout.
  ///
  /// - Parameters:
  ///   - policy: the policy to train.
  ///   - objective: the loss to minimize.
  ///   - bootstrap: the source of the value estimate for the state behind a batch's last row.
  ///   - layout: the layout of the batches, [T, n·B].
  ///   - weights: the policy's weights, which are used in place.
  ///   - totalSteps: the environment steps that the objective's schedules cover; nil if each
  ///     schedule has its own number.
  ///   - threads: the threads that share the work of large batches; nil for the caller's alone.
  ///     Results do not depend on them.
  /// - Throws: `PolicyError` if the policy does not support the layout's spaces or lacks an output
  ///   that the objective needs.
  public init(
    _ policy: any Policy, _ objective: some Objective, bootstrap: Bootstrap = .actor,
    layout: FragmentLayout, weights: FlatVector<Float>, totalSteps: Int? = nil,
    threads: ThreadPool? = nil
  ) throws(PolicyError) {
    let batch = try TracedBatch(policy, bootstrap: bootstrap, layout: layout)
    let graph = batch.graph
    let traced = try objective.loss(
      of: batch.fragment, reaction: batch.reaction, distribution: batch.distribution)
    self.layout = layout
    self.weights = weights
    self.totalSteps = totalSteps ?? 0
    reported = traced.metrics
    distributions = traced.distributions
    coefficients = traced.coefficients.filter { !$0.schedule.isConstant }
    policyWeights = graph.learnedWeights(behind: batch.reaction.logits)
    loss = traced.loss
    divergence = traced.divergence
    noise = traced.noise
    prioritization = traced.prioritization
    executor = Executor(
      graph,
      outputs: traced.outputs,
      loss: traced.loss, weights: weights, threads: threads)
  }

  /// Draws the normal numbers of the next call, for an objective with noise.
  public func drawNoise(using random: inout PCG64) {
    for input in noise { executor.drawNormal(input, using: &random) }
    isNoiseDrawn = true
  }

  /// Sets the importance weights of the next call, [T, B] row by row; does nothing for an objective
  /// that is not prioritized.
  func weigh(_ weights: [Float]) {
    guard let prioritization else { return }
    executor.set(prioritization.weights, to: weights)
    isWeighed = true
  }

  /// Returns the mean magnitude of the temporal-difference errors of an environment's steps.
  ///
  /// - Precondition: the objective is prioritized.
  func meanError(of environment: Int) -> Double {
    guard let errors = prioritization?.errors else {
      preconditionFailure("errors of an objective that is not prioritized")
    }
    let executor = executor
    let numbers = executor.span(of: errors)
    var sum = 0.0
    for row in 0..<layout.stepCount {
      sum += Double(numbers[row * layout.environmentCount + environment])
    }
    return sum / Double(layout.stepCount)
  }

  /// Evaluates the loss of a batch.
  ///
  /// - Parameters:
  ///   - batch: the batch.
  ///   - step: the environment steps learned from so far, for the objective's schedules; nil for
  ///     `stepCount`.
  /// - Precondition: the batch has the layout that the function was created for, and an objective
  ///   with noise was given its numbers by `drawNoise(using:)`.
  public func callAsFunction(_ batch: FragmentBatch, at step: Int? = nil) -> Loss {
    self(batch.view, at: step)
  }

  /// Evaluates the loss of a batch in any memory.
  ///
  /// - Parameters:
  ///   - batch: the batch.
  ///   - step: the environment steps learned from so far, for the objective's schedules; nil for
  ///     `stepCount`.
  /// - Precondition: the batch has the layout that the function was created for.
  public func callAsFunction(_ batch: FragmentView, at step: Int? = nil) -> Loss {
    precondition(
      batch.layout === layout || batch.layout.byteCount == layout.byteCount,
      """
      a batch of [\(batch.layout.stepCount), \(batch.layout.environmentCount)] for a loss that \
      was traced for [\(layout.stepCount), \(layout.environmentCount)]
      """)
    precondition(
      noise.isEmpty || isNoiseDrawn, "a loss with noise: call drawNoise(using:) before each batch")
    isNoiseDrawn = false
    precondition(prioritization == nil || isWeighed, "a prioritized loss without weights")
    isWeighed = false
    self.step = step ?? stepCount
    for coefficient in coefficients {
      executor.set(coefficient.tensor, to: Float(value(of: coefficient)))
    }
    batchOwner = batch.owner
    executor.weightsChanged()
    executor.bind(batch)
    executor.forward()
    stepCount += layout.stepCount * layout.environmentCount
    callCount += 1
    return Loss(value: executor.value(of: loss), function: self, call: callCount)
  }

  /// Sets the gradients to zero.
  public func zeroGradients() {
    gradients.clear(learnedRange)
    areGradientsZero = true
  }

  // MARK: The newest loss

  /// Returns the value of a metric.
  func value(of metric: TracedLoss.Metric) -> Double { Double(executor.value(of: metric.tensor)) }

  /// Counts the numbers of a distribution in a histogram.
  func count(_ distribution: TracedLoss.Distribution, in histogram: inout Histogram) {
    let executor = executor
    histogram.add(executor.span(of: distribution.tensor))
  }

  /// Returns the value of a coefficient in the last call.
  func value(of coefficient: Coefficient) -> Double {
    coefficient.schedule.value(at: step, of: totalSteps)
  }

  fileprivate var newestDivergence: Float? { divergence.map { executor.value(of: $0) } }

  fileprivate func check(_ call: Int) {
    precondition(
      call == callCount,
      "the loss of batch \(call) after the function was called with \(callCount): "
        + "use a loss before the next one is evaluated")
  }

  /// Adds the gradient of the newest loss to the gradients.
  ///
  /// It is computed separately and then added: earlier gradients do not influence its bits.
  fileprivate func addGradients() {
    if areGradientsZero {
      executor.addGradients()
    } else {
      earlierGradients.copy(gradients, learnedRange)
      executor.backward()
      gradients.add(earlierGradients)
    }
    areGradientsZero = false
  }
}

/// The loss of a batch, evaluated by a `LossFunction`.
///
/// Except for `value`, its members are valid until the function is called again.
public struct Loss {
  /// The loss.
  public let value: Float

  private let function: LossFunction
  private let call: Int

  fileprivate init(value: Float, function: LossFunction, call: Int) {
    self.value = value
    self.function = function
    self.call = call
  }

  /// Adds the gradient of the loss by every weight to the function's `gradients`.
  ///
  /// - Precondition: the function was not called again, and weights and batch have not changed
  ///   since.
  public func backward() {
    function.check(call)
    function.addGradients()
  }

  /// The metrics of the objective in a fixed order, followed by the coefficients with a schedule.
  ///
  /// - Precondition: the function was not called again.
  public var metrics: [(name: String, value: Double)] {
    function.check(call)
    return function.reported.map { ($0.name, function.value(of: $0)) }
      + function.coefficients.map { ($0.name, function.value(of: $0)) }
  }

  /// The metric of a name; nil if there is none.
  ///
  /// - Precondition: the function was not called again.
  public subscript(name: String) -> Double? {
    function.check(call)
    for metric in function.reported where metric.name == name { return function.value(of: metric) }
    for coefficient in function.coefficients where coefficient.name == name {
      return function.value(of: coefficient)
    }
    return nil
  }

  /// The divergence of the trained policy from the behavior policy, if the objective defines one.
  ///
  /// - Precondition: the function was not called again.
  public var divergence: Float? {
    function.check(call)
    return function.newestDivergence
  }
}
