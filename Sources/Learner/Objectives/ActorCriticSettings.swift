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
  public var valueCost: Double
  /// True if advantages are normalized to mean 0 and standard deviation 1.
  ///
  /// The statistics are those of the batch, or of the minibatch if the batch is split.
  public var normalizesAdvantages: Bool

  /// Creates settings.
  public init(
    discount: Double = 0.99, lambda: Double = 1, entropyCost: Schedule = 0.01,
    valueCost: Double = 0.5, normalizesAdvantages: Bool = false
  ) {
    self.discount = discount
    self.lambda = lambda
    self.entropyCost = entropyCost
    self.valueCost = valueCost
    self.normalizesAdvantages = normalizesAdvantages
  }

  /// Returns the advantages as the policy loss uses them: normalized if the settings ask for it.
  func weighed(_ advantages: Tensor, of steps: Trajectory) -> Tensor {
    normalizesAdvantages ? advantages.normalized(over: steps) : advantages
  }

  /// Returns policy loss + c_value · value error − c_entropy · entropy.
  ///
  /// The result includes the metrics that all objectives of this kind report.
  func loss(
    policyLoss: Tensor, valueError: Tensor, target: Tensor, _ policy: ImportanceRatio,
    _ estimates: ValueEstimates, metrics: [TracedLoss.Metric] = []
  ) -> TracedLoss {
    let cost = Coefficient("entropy_cost", entropyCost, in: policyLoss.graph)
    let divergence = policy.divergence
    return TracedLoss(
      policyLoss + valueCost * valueError - cost.tensor * policy.entropy,
      metrics: [.init(name: "policy_loss", tensor: policyLoss, summary: .mean)]
        + policy.metrics + [.init(name: "approx_kl", tensor: divergence, summary: .mean)]
        + estimates.metrics(error: valueError, target: target, over: policy.steps) + metrics,
      distributions: [ImportanceRatio.distribution(of: policy.ratio, over: policy.steps)],
      coefficients: [cost], divergence: divergence)
  }
}
