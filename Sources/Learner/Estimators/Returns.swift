import Actor

extension Trajectory {
  /// Returns the discounted returns, [T, B].
  ///
  ///     G_t = r_{t+1} + γ (1 − d_{t+1}) ρ_{t+1} G_{t+1}
  ///
  /// Without value estimates, nothing follows the end of an episode or of the fragment: truncation
  /// counts as termination. With value estimates, V(final observation) follows a truncated episode,
  /// and V(s_T) follows the last row. Both are unweighted, because the value estimates belong to
  /// the trained policy. Where an environment waits, the return is 0 without value estimates and
  /// V(s_t) with them, which leaves nothing to learn.
  ///
  /// - Parameters:
  ///   - discount: γ.
  ///   - values: V of the final observations of truncated episodes and of the state behind the last
  ///     row.
  ///   - weights: ρ_t = π(a_t | s_t) / μ(a_t | s_t), clipped or not, [T, B]; nil for 1. G_t then
  ///     estimates Q^π(s_t, a_t). It does not contain ρ_t, the weight of a_t itself; multiply by
  ///     ρ_t to include it.
  ///
  /// Source: Precup, Sutton & Singh (2000), "Eligibility traces for off-policy policy evaluation":
  /// per-decision weights.
  public func returns(
    discount: Double, values: StateValues? = nil, weights: Tensor? = nil
  ) -> Tensor {
    var factors = continuing(discount)
    if let weights {
      let one = rewards.graph.constant(1).reshaped([1])
      let ones = one.repeated(over: [weights.shape[1]]).reshaped([weights.shape[1]])
      factors = factors * weights.following(last: ones)
    }
    guard let values else { return rewards.accumulatedBackwards(weights: factors) }
    let received = rewards + discount * atEnds(values)
    return waits.choosing(
      values.current,
      otherwise: received.accumulatedBackwards(weights: factors, last: values.last))
  }

  /// Returns the n-step returns, [T, B].
  ///
  ///     G_t = r_{t+1} + γ r_{t+2} + … + γⁿ⁻¹ r_{t+n} + γⁿ V(s_{t+n})
  ///
  /// The sum has fewer rewards if the episode or the fragment ends before. The value that follows
  /// the end then comes after them, as in `returns`. Where an environment waits, the return is
  /// V(s_t).
  ///
  /// - Parameters:
  ///   - stepCount: n; with n ≥ T the result equals `returns`.
  ///   - values: V.
  ///   - discount: γ.
  public func multiStepReturns(
    _ stepCount: Int, values: StateValues, discount: Double
  ) -> Tensor {
    precondition(stepCount >= 1, "returns over \(stepCount) steps: use at least 1")
    guard stepCount < rewards.shape[0] else { return returns(discount: discount, values: values) }
    let returns = multiStepReturns(
      stepCount, arrivals: following(values.current, values), discount: discount)
    return waits.choosing(values.current, otherwise: returns)
  }

  /// Returns the n-step returns from the value of the state that each step led to, [T, B].
  ///
  /// - Parameters:
  ///   - stepCount: n. The sum has fewer rewards if the episode or the fragment ends before.
  ///   - arrivals: V of the state that each step led to, before any reset, and 0 where the episode
  ///     terminated; [T, B].
  ///   - discount: γ.
  func multiStepReturns(_ stepCount: Int, arrivals: Tensor, discount: Double) -> Tensor {
    let rowCount = rewards.shape[0]
    let oneStep = rewards + discount * arrivals
    let last = arrivals.rows(rowCount - 1..<rowCount).reshaped([rewards.shape[1]])
    var result = oneStep
    for _ in 1..<min(stepCount, rowCount) {
      result = ends.choosing(oneStep, otherwise: rewards + discount * result.following(last: last))
    }
    return result
  }
}
