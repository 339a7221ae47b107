import Actor
import Learner

/// The overview's `reinforce`: importance weights up to c_rho, no baseline, an entropy bonus.
struct ClippedReinforce: Objective {
  static let name = "overview"
  var gamma = 0.99
  var entropyCost = 0.01
  var rhoClip = 5.0  // The overview's run has no limit.

  func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    guard let behavior = fragment.actor["logits"]?.value else {
      throw PolicyError("the workers recorded no logits")
    }
    let act = fragment.next.act  // `act[t + 1]` is a_t, as `timeshift` has it.
    let logPi = distribution.logProbability(of: act, under: reaction.logits)
    let logMu = distribution.logProbability(of: act, under: behavior)
    let returns = Trajectory(fragment).returns(discount: gamma)
    let rho = exp(logPi.stopGradient() - logMu).clamped(to: 0...rhoClip)
    let score = (logPi * (returns * rho)).mean()
    let entropy = distribution.entropy(of: reaction.logits).mean()
    return TracedLoss(
      -entropyCost * entropy - score,
      metrics: [
        .init(name: "entropy", tensor: entropy, summary: .mean),
        .init(name: "policy_score", tensor: score, summary: .mean),
      ])
  }
}
