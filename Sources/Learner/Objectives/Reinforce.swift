import Actor
import Rollout

/// Importance-weighted REINFORCE with an entropy bonus, as the seed writes it.
///
/// With π the policy that is trained and μ the one that collected, over all t < T and all environments:
///
///     ρ_t = min(c_rho, π(a_t | s_t) / μ(a_t | s_t))          no gradient passes
///     G_t = r_{t+1} + γ (1 − d_{t+1}) G_{t+1},   G_T = 0      no gradient passes
///     loss = − mean(ρ_t G_t log π(a_t | s_t)) − c_entropy mean(H π(· | s_t))
///
/// Source: Williams (1992), "Simple statistical gradient-following algorithms for connectionist reinforcement learning",
/// with the weights of importance sampling.
public struct Reinforce: Objective, Equatable {
  /// The name in run directories and checkpoints.
  public static let name = "reinforce"

  /// γ, how much a reward is worth a step earlier.
  public var discount: Double
  /// What a unit of entropy is worth.
  public var entropyCost: Double
  /// c_rho, the largest importance weight; infinity lets all pass.
  public var rhoClip: Double

  /// REINFORCE with these settings.
  public init(discount: Double = 0.99, entropyCost: Double = 0.01, rhoClip: Double = .infinity) {
    self.discount = discount
    self.entropyCost = entropyCost
    self.rhoClip = rhoClip
  }

  /// Traces the loss.
  public func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) -> TracedLoss {
    guard let behavior = fragment.actor["logits"]?.value else {
      preconditionFailure("the fragment holds no logits of the policy that collected it")
    }
    let next = fragment.next
    let logPi = distribution.logProbability(of: next.act, under: reaction.logits)
    let logMu = distribution.logProbability(of: next.act, under: behavior)
    let ratio = exp(logPi.stopGradient() - logMu)
    let rho = rhoClip.isFinite ? ratio.clamped(to: 0...rhoClip) : ratio

    let returns = Tensor.discountedReturns(rewards: next.rew, ends: next.fin, discount: discount)
    let score = (logPi * (returns * rho)).mean()
    let entropy = distribution.entropy(of: reaction.logits).mean()
    let loss = -score - entropyCost * entropy

    return TracedLoss(
      loss,
      metrics: [
        .init(name: "policy_score", tensor: score, summary: .mean),
        .init(name: "entropy", tensor: entropy, summary: .mean),
        .init(name: "rho_mean", tensor: rho.mean(), summary: .mean),
        .init(name: "rho_max", tensor: ratio.largest(), summary: .largest),
        .init(name: "rho_clipped", tensor: ratio.atLeast(rhoClip).mean(), summary: .mean),
      ])
  }
}
