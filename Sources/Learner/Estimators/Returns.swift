import Actor

extension Trajectory {
  /// Discounted returns, [T, B].
  ///
  ///     G_t = r_{t+1} + γ ρ_{t+1} G_{t+1}
  ///
  /// cut where an episode ended. Without values nothing follows the end of an episode or of the fragment; with them V(final
  /// observation) follows a cut and V(s_T) the last row, unweighted, since values are the trained policy's own. Where an environment
  /// waits the return is 0 without values, and V(s_t) with them, so that there is nothing to learn.
  ///
  /// - Parameters:
  ///   - discount: γ.
  ///   - values: V of the states behind a cut and behind the last row.
  ///   - weights: ρ_t = π(a_t | s_t) / μ(a_t | s_t), clipped or not, [T, B]; 1 when nil. G_t is then an estimate of
  ///     Q^π(s_t, a_t): a_t itself is taken for granted, and ρ_t is for whoever weighs that too.
  ///
  /// Source: Precup, Sutton & Singh (2000), "Eligibility traces for off-policy policy evaluation": per-decision weights.
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

  /// n-step returns, [T, B].
  ///
  ///     G_t = r_{t+1} + γ r_{t+2} + … + γⁿ⁻¹ r_{t+n} + γⁿ V(s_{t+n})
  ///
  /// with fewer rewards where the episode or the fragment ends before: the value of what follows there stands behind them, as for
  /// `returns`. Where an environment waits, V(s_t).
  ///
  /// - Parameters:
  ///   - stepCount: n; from T on these are the returns.
  ///   - values: V.
  ///   - discount: γ.
  public func multiStepReturns(
    _ stepCount: Int, values: StateValues, discount: Double
  ) -> Tensor {
    precondition(stepCount >= 1, "returns over \(stepCount) steps: use at least 1")
    guard stepCount < rewards.shape[0] else { return returns(discount: discount, values: values) }
    let atEnds = atEnds(values)
    var result = values.current
    for _ in 0..<stepCount {
      result = rewards + discount * following(result, atEnds: atEnds, last: values.last)
    }
    return waits.choosing(values.current, otherwise: result)
  }
}
