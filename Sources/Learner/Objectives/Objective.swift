import Actor
import Rollout

/// What learning minimises: a formula over a fragment, traced once.
///
/// A loss of one's own is a type with this one function; its gradient comes for free. What only reports, such as the entropy,
/// goes into `metrics`.
public protocol Objective: Sendable {
  /// The algorithm's name in run directories and checkpoints.
  static var name: String { get }

  /// Traces the loss.
  ///
  /// - Parameters:
  ///   - fragment: the batch that was collected, rows [T, B].
  ///   - reaction: what the policy that is being trained says to `fragment.current`.
  ///   - distribution: how actions are drawn from a reaction's logits.
  /// - Throws: `PolicyError` when the policy does not say what the loss needs.
  func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss
}

/// A loss and the numbers to report beside it.
public struct TracedLoss {
  /// A single number to be minimised.
  public var loss: Tensor
  /// Single numbers to be reported, by name.
  public var metrics: [Metric]
  /// Arrays whose numbers are to be counted, by name.
  public var distributions: [Distribution]
  /// Numbers in the loss that may change in the course of a run.
  public var coefficients: [Coefficient]
  /// How far the trained policy is from the one that collected, a single number, for learners that stop when it is far.
  public var divergence: Tensor?

  /// A number to be reported.
  public struct Metric {
    /// Its name in the metrics.
    public var name: String
    /// Where it comes from.
    public var tensor: Tensor
    /// What stands for several updates.
    public var summary: MetricSummary

    /// Reports a single number under a name.
    public init(name: String, tensor: Tensor, summary: MetricSummary) {
      self.name = name
      self.tensor = tensor
      self.summary = summary
    }
  }

  /// An array whose numbers are to be counted.
  public struct Distribution {
    /// Its name in the metrics.
    public var name: String
    /// Where the numbers come from; those that are no number do not count.
    public var tensor: Tensor
    /// The histogram, still empty.
    public var histogram: Histogram

    /// Names an array and how it is counted.
    public init(name: String, tensor: Tensor, histogram: Histogram) {
      self.name = name
      self.tensor = tensor
      self.histogram = histogram
    }
  }

  /// Pairs a loss with what is reported beside it and what changes in it.
  public init(
    _ loss: Tensor, metrics: [Metric], distributions: [Distribution] = [],
    coefficients: [Coefficient] = [], divergence: Tensor? = nil
  ) {
    self.loss = loss
    self.metrics = metrics
    self.distributions = distributions
    self.coefficients = coefficients
    self.divergence = divergence
  }
}

/// What stands for a number's values over several updates.
public enum MetricSummary: Sendable {
  /// Their mean.
  case mean
  /// The largest of them.
  case largest
  /// The newest of them.
  case newest
}
