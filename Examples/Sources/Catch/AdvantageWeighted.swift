import Actor
import Learner

/// Advantage-weighted regression (Peng et al., 2019).
///
/// It imitates recorded actions, weighted by the exponential of their advantage:
///
///     loss = −mean(min(exp((G_t − v_t) / β), 20) log π(a_t | s_t)) + mean((v_t − G_t)²)
struct AdvantageWeighted: Objective {
  static let name = "advantage-weighted"
  var beta = 0.5

  /// Traces the loss of a batch [T, B].
  ///
  /// It runs once: each line adds operations to a graph. The executor derives the gradients.
  func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    guard let values = reaction["value"],
      let known = StateValues(values, of: fragment)  // The same, through which no gradient passes.
    else { throw PolicyError("advantage-weighted regression needs a policy with a value head") }
    let returns = Trajectory(fragment).returns(discount: 0.97, values: known)
    let weights = exp((1 / beta) * (returns - known.current)).clamped(to: 0...20)
    let logPi = distribution.logProbability(of: fragment.next.act, under: reaction.logits)
    let error = (values - returns).squared().mean()
    return TracedLoss(
      error - (weights * logPi).mean(),
      metrics: [.init(name: "value_error", tensor: error, summary: .mean)])
  }
}
