import Actor
import Rollout

/// An objective with two losses: one of two critics, and one of the actor that they judge.
///
/// An update moves the critics first. The actor's loss is then evaluated on the same sample with
/// the critics' new weights, which it does not move. Each loss has an optimizer of its own.
package protocol TwinCriticObjective: Objective {
  /// The loss that `loss(of:reaction:distribution:)` traces.
  var part: TwinCriticPart { get set }
}

/// The losses of a ``TwinCriticObjective``.
package enum TwinCriticPart: String, Sendable, Encodable {
  /// The loss of both critics, whose parameters are below `critic`.
  case critics
  /// The loss of all other learned parameters.
  case actor
}

extension TwinCriticObjective {
  /// Traces the loss of both critics.
  ///
  ///     y⁽¹⁾_t = r_{t+1} + γ (1 − terminated_t) v(s′_t)               no gradient passes
  ///     y⁽ⁿ⁾_t = r_{t+1} + γ y⁽ⁿ⁻¹⁾_{t+1}, and y⁽¹⁾_t at the end of an episode or fragment
  ///     loss = mean((q₀(s_t, a_t) − y⁽ⁿ⁾_t)²) + mean((q₁(s_t, a_t) − y⁽ⁿ⁾_t)²)
  ///
  /// With prioritized replay the squares are weighted, and the error of a step is the mean
  /// magnitude of both critics' errors.
  ///
  /// - Parameters:
  ///   - fragment: the sample.
  ///   - values: q of both critics for the actions taken, [T, B] each.
  ///   - arrivals: v of the states that steps led to, [T, B].
  ///   - noise: the inputs of normal numbers that `arrivals` depends on.
  ///   - isPrioritized: true for samples drawn by priorities.
  func criticLoss(
    of fragment: TracedFragment, values: [Tensor], arrivals: Tensor,
    multiStep: Int, discount: Double, noise: [Tensor], isPrioritized: Bool
  ) -> TracedLoss {
    let graph = arrivals.graph
    let steps = Trajectory(fragment)
    let target = steps.multiStepReturns(
      multiStep, arrivals: fragment.terminated.choosing(graph.constant(0), otherwise: arrivals),
      discount: discount
    ).stopGradient()
    let errors = values.map { steps.whilePlaying($0 - target) }
    let magnitudes = errors.map { $0.maximum(-$0) }
    let sizes = magnitudes.map { $0.mean(over: steps) }
    let prioritization = TracedLoss.Prioritization(
      of: 0.5 * (magnitudes[0] + magnitudes[1]), isPrioritized)
    let squares = errors.map { error in
      prioritization.map { $0.weights * error.squared() } ?? error.squared()
    }
    var loss = TracedLoss(
      squares[0].mean(over: steps) + squares[1].mean(over: steps),
      metrics: [
        .init(name: "q_mean", tensor: values[0].mean(over: steps), summary: .mean),
        .init(name: "td_error", tensor: 0.5 * (sizes[0] + sizes[1]), summary: .mean),
      ], noise: noise)
    loss.prioritization = prioritization
    return loss
  }
}
