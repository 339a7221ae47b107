import Actor

extension Trajectory {
  /// Returns the temporal-difference errors, [T, B].
  ///
  ///     δ_t = r_{t+1} + γ V(s_{t+1}) − V(s_t)
  ///
  /// `following` defines V(s_{t+1}). The error is 0 where an environment waits.
  ///
  /// Source: Sutton (1988), "Learning to predict by the methods of temporal differences".
  public func temporalDifferences(values: StateValues, discount: Double) -> Tensor {
    differences(from: values, to: values.current, discount: discount)
  }

  /// Returns the generalized advantage estimates GAE(γ, λ), [T, B].
  ///
  ///     A_t = δ_t + γ λ (1 − d_{t+1}) A_{t+1},   A_T = 0
  ///
  /// λ = 0 gives δ_t, λ = 1 the returns minus the value estimates. The target of the value function
  /// is `advantages + values.current`.
  ///
  /// Source: Schulman et al. (2016), "High-dimensional continuous control using generalized
  /// advantage estimation".
  public func generalizedAdvantages(
    values: StateValues, discount: Double, lambda: Double
  ) -> Tensor {
    temporalDifferences(values: values, discount: discount)
      .accumulatedBackwards(weights: continuing(discount * lambda))
  }

  /// Returns r_{t+1} + γ `later`(s_{t+1}) − V(s_t), or 0 where an environment waits.
  func differences(from values: StateValues, to later: Tensor, discount: Double) -> Tensor {
    let errors = rewards + discount * following(later, values) - values.current
    return waits.choosing(zero, otherwise: errors)
  }
}
