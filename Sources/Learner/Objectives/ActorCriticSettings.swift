import Actor

/// What all objectives that learn a policy and a value together have in common.
public struct ActorCriticSettings: Sendable, Equatable {
  /// γ, how much a reward is worth a step earlier.
  public var discount: Double
  /// λ, how far advantages trust rewards more than values.
  public var lambda: Double
  /// What a unit of entropy is worth.
  public var entropyCost: Schedule
  /// What the squared error of values is worth.
  public var valueCost: Double
  /// Whether advantages are brought to mean 0 and deviation 1 over the batch, or the part of it that is learnt from.
  public var normalisesAdvantages: Bool

  /// These settings.
  public init(
    discount: Double = 0.99, lambda: Double = 1, entropyCost: Schedule = 0.01,
    valueCost: Double = 0.5, normalisesAdvantages: Bool = false
  ) {
    self.discount = discount
    self.lambda = lambda
    self.entropyCost = entropyCost
    self.valueCost = valueCost
    self.normalisesAdvantages = normalisesAdvantages
  }

  /// Advantages as they weigh actions.
  func weighed(_ advantages: Tensor, of steps: Trajectory) -> Tensor {
    normalisesAdvantages ? advantages.normalised(over: steps) : advantages
  }

  /// policy loss + c_value · value error − c_entropy · entropy, and what is reported of all objectives of this kind.
  func loss(
    policyLoss: Tensor, valueError: Tensor, _ policy: ImportanceRatio, _ judgement: StateJudgement,
    metrics: [TracedLoss.Metric] = []
  ) -> TracedLoss {
    let cost = Coefficient("entropy_cost", entropyCost, in: policyLoss.graph)
    let divergence = policy.divergence
    return TracedLoss(
      policyLoss + valueCost * valueError - cost.tensor * policy.entropy,
      metrics: [.init(name: "policy_loss", tensor: policyLoss, summary: .mean)]
        + policy.metrics + [.init(name: "approx_kl", tensor: divergence, summary: .mean)]
        + judgement.metrics(error: valueError, over: policy.steps) + metrics,
      distributions: [ImportanceRatio.distribution(of: policy.ratio, over: policy.steps)],
      coefficients: [cost], divergence: divergence)
  }
}
