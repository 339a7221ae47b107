import Actor
import Rollout

/// A loss to be called with batches, and the gradients that it leaves: what a training loop of one's own is made of.
///
///     let reinforce = try LossFunction(
///       policy, Reinforce(), layout: rollout.batchLayout, weights: setup.weights)
///     let optimiser = Adam<Float>(count: setup.weights.count, learningRate: 0.005)
///     for try await fragment in rollout.batches(500) {
///       let loss = reinforce(fragment)
///       reinforce.zeroGradients()
///       loss.backward()
///       reinforce.gradients.clipNorm(to: 0.5)
///       optimiser.step(reinforce.weights, reinforce.gradients)
///     }
///
/// The graph is traced once for batches of one shape; a call allocates nothing, and going backwards only when gradients add up
/// for the first time. `PolicyUpdate` is such a loop's body with a guard against steps that do harm.
public final class LossFunction {
  /// The weights that the policy reacts with; whoever changes them does so between calls.
  public let weights: FlatVector<Float>
  /// The gradients by each weight of all losses that went backwards since `zeroGradients`, added up.
  public var gradients: FlatVector<Float> { executor.gradients }
  /// Environment steps of all batches that the function was called with.
  public private(set) var stepCount = 0

  /// What the objective reports.
  let reported: [TracedLoss.Metric]
  /// What the objective has counted.
  let distributions: [TracedLoss.Distribution]
  /// The loss's coefficients that change.
  let coefficients: [Coefficient]
  /// Where the learnt weights lie that the policy's actions depend on.
  let policyWeights: [Range<Int>]

  private let layout: FragmentLayout
  private let executor: Executor<Float>
  private let loss: Tensor
  private let divergence: Tensor?
  private let totalSteps: Int
  /// Environment steps that schedules stood at in the last call.
  private var step = 0
  /// How often the function was called: only the newest loss's numbers are still there.
  private var callCount = 0
  /// Keeps the last batch's memory, which going backwards reads.
  private var batchOwner: AnyObject?
  private var areGradientsZero = true
  /// Gradients that another batch's are added to.
  private lazy var earlierGradients = FlatVector<Float>(repeating: 0, count: weights.count)

  /// Traces policy and objective for batches of a layout.
  ///
  /// - Parameters:
  ///   - policy: the policy that is trained.
  ///   - objective: what to minimise.
  ///   - bootstrap: who says what the state behind a batch's last row is worth.
  ///   - layout: the batches, [T, n·B].
  ///   - weights: the weights to react with, which are not copied.
  ///   - totalSteps: the environment steps that the objective's schedules go over; nil where each says so itself.
  /// - Throws: `PolicyError` when the policy cannot deal with the layout's spaces, or does not say what the objective needs.
  public init(
    _ policy: any Policy, _ objective: some Objective, bootstrap: Bootstrap = .actor,
    layout: FragmentLayout, weights: FlatVector<Float>, totalSteps: Int? = nil
  ) throws(PolicyError) {
    let graph = Graph()
    var fragment = TracedFragment(graph, layout)
    let distribution = try ActionDistributions.fitting(layout.contents.spaces.action)
    let reaction = try policy.react(
      to: fragment.current, choosing: distribution, in: graph)
    if bootstrap == .learner {
      fragment = try fragment.bootstrapping(
        from: policy, after: reaction, choosing: distribution, in: graph)
    }
    let traced = try objective.loss(
      of: fragment.normalisingRewards(), reaction: reaction, distribution: distribution)
    self.layout = layout
    self.weights = weights
    self.totalSteps = totalSteps ?? 0
    reported = traced.metrics
    distributions = traced.distributions
    coefficients = traced.coefficients.filter { !$0.schedule.isConstant }
    policyWeights = graph.learntWeights(behind: reaction.logits)
    loss = traced.loss
    divergence = traced.divergence
    executor = Executor(
      graph,
      outputs: traced.metrics.map(\.tensor) + traced.distributions.map(\.tensor)
        + (divergence.map { [$0] } ?? []),
      loss: traced.loss, weights: weights)
  }

  /// Evaluates the loss of a batch.
  ///
  /// - Parameter step: environment steps learnt from so far, for the objective's schedules; nil for `stepCount`.
  /// - Precondition: the batch has the layout that the function was made for.
  public func callAsFunction(_ batch: FragmentBatch, at step: Int? = nil) -> Loss {
    self(batch.view, at: step)
  }

  /// Evaluates the loss of a batch that lies in any memory.
  ///
  /// - Parameter step: environment steps learnt from so far, for the objective's schedules; nil for `stepCount`.
  /// - Precondition: the batch has the layout that the function was made for.
  public func callAsFunction(_ batch: FragmentView, at step: Int? = nil) -> Loss {
    precondition(
      batch.layout === layout || batch.layout.byteCount == layout.byteCount,
      """
      a batch of [\(batch.layout.stepCount), \(batch.layout.environmentCount)] for a loss that was traced for \
      [\(layout.stepCount), \(layout.environmentCount)]
      """)
    self.step = step ?? stepCount
    for coefficient in coefficients {
      executor.pointer(to: coefficient.tensor)[0] = Float(value(of: coefficient))
    }
    batchOwner = batch.owner
    executor.weightsChanged()
    executor.bind(batch)
    executor.forward()
    stepCount += layout.stepCount * layout.environmentCount
    callCount += 1
    return Loss(value: executor.value(of: loss), function: self, call: callCount)
  }

  /// Forgets the gradients of all batches so far.
  public func zeroGradients() {
    gradients.clear()
    areGradientsZero = true
  }

  // MARK: The newest loss

  /// A number that the objective reports.
  func value(of metric: TracedLoss.Metric) -> Double { Double(executor.value(of: metric.tensor)) }

  /// The numbers of an array that the objective has counted; they are there until the function is called again.
  func values(of distribution: TracedLoss.Distribution) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(
      start: executor.pointer(to: distribution.tensor), count: distribution.tensor.elementCount)
  }

  /// What a coefficient was in the last call.
  func value(of coefficient: Coefficient) -> Double {
    coefficient.schedule.value(at: step, of: totalSteps)
  }

  fileprivate var newestDivergence: Float? { divergence.map { executor.value(of: $0) } }

  fileprivate func check(_ call: Int) {
    precondition(
      call == callCount,
      "the loss of batch \(call) after the function was called with \(callCount): use a loss before the next one is evaluated"
    )
  }

  /// Adds the newest loss's gradient, each gradient being worked out by itself as it would be alone.
  fileprivate func addGradients() {
    if areGradientsZero {
      executor.addGradients()
    } else {
      earlierGradients.copy(gradients)
      executor.backward()
      gradients.add(earlierGradients)
    }
    areGradientsZero = false
  }
}

/// What a `LossFunction` says of a batch: a number that knows where it is from.
///
/// Apart from `value`, which stays, it can be used until the function is called again.
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

  /// Adds the loss's gradient by every weight to the function's `gradients`.
  ///
  /// - Precondition: the function was not called again, and neither weights nor batch have changed since.
  public func backward() {
    function.check(call)
    function.addGradients()
  }

  /// What the objective reports, by name in a fixed order, and behind it the coefficients that follow a schedule.
  ///
  /// - Precondition: the function was not called again.
  public var metrics: [(name: String, value: Double)] {
    function.check(call)
    return function.reported.map { ($0.name, function.value(of: $0)) }
      + function.coefficients.map { ($0.name, function.value(of: $0)) }
  }

  /// One of `metrics`; nil where there is none of that name.
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

  /// How far the trained policy is from the one that collected, where the objective says so.
  ///
  /// - Precondition: the function was not called again.
  public var divergence: Float? {
    function.check(call)
    return function.newestDivergence
  }
}
