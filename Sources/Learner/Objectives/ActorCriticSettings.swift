import Actor

/// The settings shared by all objectives that train a policy and a value function together.
public struct ActorCriticSettings: Sendable, Equatable, Encodable {
  /// γ, the discount factor.
  public var discount: Double
  /// λ of GAE and V-trace: 0 trusts the value estimates alone, 1 the rewards up to the bootstrap.
  public var lambda: Double
  /// The coefficient c_entropy of the entropy bonus.
  public var entropyCost: Schedule
  /// The coefficient c_value of the squared error of the value estimates.
  package var valueCost: Double
  /// True if advantages are normalized to mean 0 and standard deviation 1.
  package var normalizesAdvantages: Bool
  /// The steps that advantages are normalized over.
  package var normalizationScope: NormalizationScope

  /// Creates settings.
  public init(
    discount: Double = 0.99, lambda: Double = 1, entropyCost: Schedule = 0.01,
    valueCost: Double = 0.5, normalizesAdvantages: Bool = false,
    normalizationScope: NormalizationScope = .minibatch
  ) {
    self.discount = discount
    self.lambda = lambda
    self.entropyCost = entropyCost
    self.valueCost = valueCost
    self.normalizesAdvantages = normalizesAdvantages
    self.normalizationScope = normalizationScope
  }

  /// Returns the estimates of a batch; advantages are normalized over it if the settings say so.
  func estimates(_ advantages: Tensor, targets: Tensor, of steps: Trajectory) -> StepEstimates {
    let isOverBatch = normalizesAdvantages && normalizationScope == .batch
    return StepEstimates(
      advantages: isOverBatch ? advantages.normalized(over: steps) : advantages, targets: targets)
  }

  /// Returns the advantages as the policy loss of a minibatch uses them: normalized over it if the
  /// settings ask for it.
  func weighed(_ advantages: Tensor, of steps: Trajectory) -> Tensor {
    normalizesAdvantages && normalizationScope == .minibatch
      ? advantages.normalized(over: steps) : advantages
  }

  /// Returns policy loss + c_value · value error − c_entropy · entropy.
  ///
  /// The result includes the metrics that all objectives of this kind report.
  func loss(
    policyLoss: Tensor, valueError: Tensor, target: Tensor, _ policy: ImportanceRatio,
    _ estimates: ValueEstimates, metrics: [TracedLoss.Metric] = [],
    coefficients: [Coefficient] = []
  ) -> TracedLoss {
    let cost = Coefficient("entropy_cost", entropyCost, in: policyLoss.graph)
    let divergence = policy.divergence
    return TracedLoss(
      policyLoss + valueCost * valueError - cost.tensor * policy.entropy,
      metrics: [.init(name: "policy_loss", tensor: policyLoss, summary: .mean)]
        + policy.metrics + [.init(name: "approx_kl", tensor: divergence, summary: .mean)]
        + estimates.metrics(error: valueError, target: target, over: policy.steps) + metrics,
      distributions: [ImportanceRatio.distribution(of: policy.ratio, over: policy.steps)],
      coefficients: [cost] + coefficients, divergence: divergence)
  }
}

/// The steps whose mean and deviation normalize advantages.
public enum NormalizationScope: String, Sendable, Encodable, CaseIterable {
  /// Those of the minibatch.
  case minibatch
  /// Those of the batch, before the first pass over it.
  case batch
}
