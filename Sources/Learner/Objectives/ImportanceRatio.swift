import Actor
import Rollout

/// The ratio ρ of action probabilities under the trained policy π and the behavior policy μ.
struct ImportanceRatio {
  /// log π(a_t | s_t) [T, B].
  let logPi: Tensor
  /// log ρ_t = log π(a_t | s_t) − log μ(a_t | s_t) [T, B].
  let logRatio: Tensor
  /// ρ_t [T, B]; gradients pass through it.
  let ratio: Tensor
  /// The mean entropy of π.
  let entropy: Tensor
  /// The steps that all means are taken over.
  let steps: Trajectory

  init(
    of fragment: TracedFragment, _ reaction: Reaction, _ distribution: any ActionDistribution
  ) {
    steps = Trajectory(fragment)
    guard let behavior = fragment.actor["logits"]?.value else {
      preconditionFailure("the fragment holds no logits of the policy that collected it")
    }
    let act = fragment.next.act
    logPi = distribution.logProbability(of: act, under: reaction.logits)
    logRatio = logPi - distribution.logProbability(of: act, under: behavior)
    ratio = exp(logRatio)
    entropy = distribution.entropy(of: reaction.logits).mean(over: steps)
  }

  /// mean(ρ − 1 − log ρ), an estimate of KL(μ ‖ π) that is never negative; passes no gradient.
  ///
  /// Source: Schulman (2020), "Approximating KL divergence", estimator k3.
  var divergence: Tensor { (ratio - 1 - logRatio).mean(over: steps).stopGradient() }

  /// The reported metrics: the mean entropy, the mean ρ and the largest ρ.
  var metrics: [TracedLoss.Metric] {
    [
      .init(name: "entropy", tensor: entropy, summary: .mean),
      .init(name: "rho_mean", tensor: ratio.mean(over: steps), summary: .mean),
      .init(name: "rho_max", tensor: steps.whilePlaying(ratio).largest(), summary: .largest),
    ]
  }

  /// Returns the distribution of ρ over the steps that were played.
  static func distribution(of ratio: Tensor, over steps: Trajectory) -> TracedLoss.Distribution {
    let fixed = ratio.stopGradient()
    let played =
      steps.mayWait
      ? steps.waits.choosing(ratio.graph.constant(.nan), otherwise: fixed) : fixed
    return .init(name: "rho_histogram", tensor: played, histogram: .ratios)
  }
}
