import Actor
import Rollout

/// How likely the actions of a fragment are to the policy that is trained, beside the one that collected.
struct ImportanceRatio {
  /// log π(a_t | s_t) [T, B].
  let logPi: Tensor
  /// log ρ_t = log π(a_t | s_t) − log μ(a_t | s_t) [T, B].
  let logRatio: Tensor
  /// ρ_t [T, B], through which gradients pass.
  let ratio: Tensor
  /// The mean entropy of π.
  let entropy: Tensor

  init(
    of fragment: TracedFragment, _ reaction: Reaction, _ distribution: any ActionDistribution
  ) {
    guard let behavior = fragment.actor["logits"]?.value else {
      preconditionFailure("the fragment holds no logits of the policy that collected it")
    }
    let act = fragment.next.act
    logPi = distribution.logProbability(of: act, under: reaction.logits)
    logRatio = logPi - distribution.logProbability(of: act, under: behavior)
    ratio = exp(logRatio)
    entropy = distribution.entropy(of: reaction.logits).mean()
  }

  /// mean(ρ − 1 − log ρ), which estimates KL(μ ‖ π) and is never negative; passes no gradient.
  ///
  /// Source: Schulman (2020), "Approximating KL divergence", estimator k3.
  var divergence: Tensor { (ratio - 1 - logRatio).mean().stopGradient() }

  /// What is reported of it: the entropy, and mean and largest ρ.
  var metrics: [TracedLoss.Metric] {
    [
      .init(name: "entropy", tensor: entropy, summary: .mean),
      .init(name: "rho_mean", tensor: ratio.mean(), summary: .mean),
      .init(name: "rho_max", tensor: ratio.largest(), summary: .largest),
    ]
  }

  /// How ρ is distributed over the steps that were played.
  static func distribution(of ratio: Tensor, over steps: Trajectory) -> TracedLoss.Distribution {
    let nothing = ratio.graph.constant(.nan)
    return .init(
      name: "rho_histogram",
      tensor: steps.waits.choosing(nothing, otherwise: ratio.stopGradient()), histogram: .ratios)
  }
}

extension Tensor {
  /// (x − mean) / (σ + 10⁻⁸) over the steps that were played, σ the root of the unbiased variance, and 0 where an environment
  /// waits; passes no gradient.
  func normalised(over steps: Trajectory) -> Tensor {
    let fixed = stopGradient()
    let total = Double(max(2, elementCount))
    let played = 1 - steps.waits
    let count = played.sum()
    let mean = (fixed * played).sum() / count.clamped(to: 1...total)
    let centred = played * (fixed - mean)
    // The deviation over all steps divides by their number less one; that of those played takes its place.
    let enlargement = log(graph.constant(total - 1) / (count - 1).clamped(to: 1...total))
    return centred / (centred.standardDeviation() * exp(0.5 * enlargement) + 1e-8)
  }
}
