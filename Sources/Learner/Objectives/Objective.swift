import Actor
import Rollout

/// A loss to minimize: a formula over a fragment, traced once into a graph.
///
/// A custom loss is a type that implements `loss(of:reaction:distribution:)`; its gradient is
/// derived from the traced graph. Numbers that are only reported, such as the entropy, go into
/// `metrics`.
public protocol Objective: Sendable {
  /// The algorithm's name in run directories and checkpoints.
  static var name: String { get }

  /// Traces the loss.
  ///
  /// - Parameters:
  ///   - fragment: the collected batch, rows [T, B].
  ///   - reaction: the trained policy's outputs for `fragment.current`.
  ///   - distribution: the distribution that the logits of a reaction parametrize.
  /// - Throws: `PolicyError` if the policy lacks an output that the loss needs.
  func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss

  /// Traces the advantages and value targets of a fragment's steps.
  ///
  /// `BatchEstimates` makes them once for a batch, before the first pass over it, if minibatches
  /// are single steps or if advantages are normalized over the batch. `loss` finds them in
  /// `fragment.estimates`. Nil, the default, is for an objective whose loss makes its own.
  ///
  /// - Parameters: as for the loss.
  /// - Throws: `PolicyError` if the policy lacks an output that the estimates need.
  func estimates(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> StepEstimates?
}

extension Objective {
  /// Nil: by default the loss makes its own estimates.
  public func estimates(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> StepEstimates? { nil }
}

/// A traced loss and the numbers reported beside it.
public struct TracedLoss {
  /// The number to minimize, a tensor of shape [].
  public var loss: Tensor
  /// The scalars to report.
  public var metrics: [Metric]
  /// The arrays to report as histograms.
  public var distributions: [Distribution]
  /// The numbers in the loss that follow a schedule.
  public var coefficients: [Coefficient]
  /// The divergence of the trained policy from the behavior policy, a scalar.
  ///
  /// `MinibatchLearner` can end its passes over a batch when it is large. It is nil if the
  /// objective defines none.
  public var divergence: Tensor?
  /// The inputs that are filled with standard normal numbers before each evaluation.
  public var noise: [Tensor]
  /// The input and output of prioritized replay; nil if the loss weighs all steps alike.
  var prioritization: Prioritization?

  /// The parts of a loss that prioritized replay deals with.
  struct Prioritization {
    /// The input of importance weights, [T, B].
    var weights: Tensor
    /// The magnitudes of the temporal-difference errors, [T, B].
    var errors: Tensor

    /// Creates the input for errors of these magnitudes; nil if samples are drawn uniformly.
    init?(of magnitudes: Tensor, _ isPrioritized: Bool) {
      guard isPrioritized else { return nil }
      weights = magnitudes.graph.input(magnitudes.shape)
      errors = magnitudes
    }
  }

  /// A scalar to report.
  public struct Metric {
    /// The metric's name in the metrics file.
    package var name: String
    /// The scalar in the graph.
    package var tensor: Tensor
    /// The way in which the values of several updates are combined.
    package var summary: MetricSummary

    /// Creates a metric that reports a scalar under a name.
    public init(name: String, tensor: Tensor, summary: MetricSummary) {
      self.name = name
      self.tensor = tensor
      self.summary = summary
    }
  }

  /// An array to report as a histogram.
  public struct Distribution {
    /// The distribution's name in the metrics file.
    package var name: String
    /// The array in the graph; NaN entries are not counted.
    package var tensor: Tensor
    /// An empty histogram that defines the bins.
    package var histogram: Histogram

    /// Creates a distribution that counts an array's numbers under a name.
    public init(name: String, tensor: Tensor, histogram: Histogram) {
      self.name = name
      self.tensor = tensor
      self.histogram = histogram
    }
  }

  /// All tensors that are computed beside the loss.
  var outputs: [Tensor] {
    metrics.map(\.tensor) + distributions.map(\.tensor)
      + [divergence, prioritization?.errors].compactMap(\.self)
  }

  /// Creates a traced loss with its metrics, distributions, coefficients and noise.
  public init(
    _ loss: Tensor, metrics: [Metric], distributions: [Distribution] = [],
    coefficients: [Coefficient] = [], divergence: Tensor? = nil, noise: [Tensor] = []
  ) {
    self.loss = loss
    self.metrics = metrics
    self.distributions = distributions
    self.coefficients = coefficients
    self.divergence = divergence
    self.noise = noise
  }
}

/// The way in which a metric's values over several updates are combined into one.
public enum MetricSummary: Sendable {
  /// The mean value.
  case mean
  /// The largest value.
  case largest
  /// The newest value.
  case newest
}
