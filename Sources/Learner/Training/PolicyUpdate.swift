import Actor
import Rollout

/// One update of the weights from one batch: forwards, backwards, clip, step.
///
/// The graph is traced once for batches of one shape; an update allocates nothing.
public final class PolicyUpdate {
  /// The weights that are trained, in place.
  public let weights: FlatVector<Float>
  /// Updates made so far.
  public private(set) var updateCount = 0
  /// Environment steps learnt from so far.
  public var stepCount: Int { updateCount * stepsPerUpdate }
  /// What was reported since the last `takeMetrics`.
  private var accumulated: [Accumulated]

  private let stepsPerUpdate: Int
  private let executor: Executor<Float>
  private let optimiser: any Optimiser<Float>
  private let loss: Tensor
  private let maximumGradientNorm: Double
  private let metrics: [TracedLoss.Metric]

  private struct Accumulated {
    var name: String
    var summary: MetricSummary
    var sum = 0.0
    var largest = -Double.infinity
    var count = 0

    mutating func add(_ value: Double) {
      sum += value
      largest = max(largest, value)
      count += 1
    }

    var value: Double {
      switch summary {
      case .mean: sum / Double(count)
      case .largest: largest
      }
    }
  }

  /// Traces policy and objective for batches of a layout.
  ///
  /// - Parameters:
  ///   - policy: the policy that is trained.
  ///   - objective: what to minimise.
  ///   - layout: the batches, [T, n·B].
  ///   - weights: the weights to train in place.
  ///   - optimiser: turns gradients into steps.
  ///   - maximumGradientNorm: the norm that longer gradients are shortened to.
  /// - Throws: `PolicyError` when the policy cannot deal with the layout's spaces, or does not say what the objective needs.
  public init(
    _ policy: any Policy, _ objective: some Objective, layout: FragmentLayout,
    weights: FlatVector<Float>, optimiser: any Optimiser<Float>,
    maximumGradientNorm: Double = .infinity
  ) throws(PolicyError) {
    let graph = Graph()
    let fragment = TracedFragment(graph, layout)
    let distribution = try ActionDistributions.fitting(layout.contents.spaces.action)
    let reaction = try policy.react(
      to: fragment.current, choosing: distribution, in: graph)
    let traced = try objective.loss(of: fragment, reaction: reaction, distribution: distribution)
    stepsPerUpdate = layout.stepCount * layout.environmentCount
    self.weights = weights
    self.optimiser = optimiser
    self.maximumGradientNorm = maximumGradientNorm
    loss = traced.loss
    metrics = traced.metrics
    executor = Executor(
      graph, outputs: metrics.map(\.tensor), loss: traced.loss, weights: weights)
    accumulated =
      [Accumulated(name: "loss", summary: .mean)]
      + metrics.map { Accumulated(name: $0.name, summary: $0.summary) }
      + [Accumulated(name: "grad_norm", summary: .mean)]
  }

  /// Learns from a batch.
  public func learn(from batch: FragmentView) {
    executor.weightsChanged()
    executor.bind(batch)
    executor.forward()
    executor.backward()
    let norm = executor.gradients.clipNorm(to: maximumGradientNorm)
    optimiser.step(weights, executor.gradients)
    updateCount += 1
    accumulated[0].add(Double(executor.value(of: loss)))
    for (index, metric) in metrics.enumerated() {
      accumulated[1 + index].add(Double(executor.value(of: metric.tensor)))
    }
    accumulated[accumulated.count - 1].add(norm)
  }

  /// What was reported since the last call: name and value, in a fixed order.
  ///
  /// Empty when there was no update.
  public func takeMetrics() -> [(name: String, value: Double)] {
    let result = accumulated.filter { $0.count > 0 }.map { ($0.name, $0.value) }
    for index in accumulated.indices {
      let entry = accumulated[index]
      accumulated[index] = Accumulated(name: entry.name, summary: entry.summary)
    }
    return result
  }
}
