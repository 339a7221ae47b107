import Actor
import Rollout

/// The advantage and the value target of each step of a fragment, [T, B]; no gradient passes.
///
/// An objective that can tell them beforehand, from the batch as it came, returns them from
/// `Objective.estimates(of:reaction:distribution:)`. Its loss then needs no neighbors of a step.
public struct StepEstimates {
  /// A_t, the advantages, normalized if that is done over the batch.
  public var advantages: Tensor
  /// The targets of the value estimates.
  public var targets: Tensor

  /// Creates estimates from tensors [T, B].
  public init(advantages: Tensor, targets: Tensor) {
    self.advantages = advantages.stopGradient()
    self.targets = targets.stopGradient()
  }

  /// The columns of a minibatch's layout that hold estimates, in the order of `tensors`.
  static let contents = Nested<LeafSpecification>.fields([
    ("advantages", .leaf(.init(.float32, []))), ("targets", .leaf(.init(.float32, []))),
  ])

  var tensors: [Tensor] { [advantages, targets] }
}

extension TracedFragment {
  /// The estimates made before the first pass over the batch; nil if a loss makes its own.
  public var estimates: StepEstimates? {
    guard let advantages = made["advantages"]?.value, let targets = made["targets"]?.value else {
      return nil
    }
    return StepEstimates(advantages: advantages, targets: targets)
  }
}
