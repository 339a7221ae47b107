import Rollout

// What follows in time from [T, B] rows, backwards. No gradient passes: what is estimated of a return is held
// fixed where it is learnt from.
extension Tensor {
  /// A sum that runs backwards along the first axis, weighted at each row; passes no gradient.
  ///
  ///     y[t] = x[t] + weights[t] y[t+1],   y[T] = last
  ///
  /// Where a weight is 0 nothing is seen of what follows, not even NaN. Discounted returns, GAE and V-trace are such sums.
  ///
  /// - Parameters:
  ///   - weights: [T, B], as this.
  ///   - last: [B], what follows from the last row; zero when there is none.
  public func accumulatedBackwards(weights: Tensor, last: Tensor? = nil) -> Tensor {
    precondition(shape.count == 2, "what accumulates must be [T, B], not \(shape)")
    precondition(weights.shape == shape, "\(weights.shape) does not weight \(shape)")
    checkLast(last)
    return graph.append(
      .accumulateBackwards, [numeric, weights.numeric] + (last.map { [$0.numeric] } ?? []), shape)
  }

  /// What stands one row later, and `last` behind the last row; passes no gradient.
  ///
  /// - Parameter last: a row [B, …] of this tensor [T, B, …].
  public func following(last: Tensor) -> Tensor {
    checkLast(last)
    return graph.concatenateRows([rows(1..<shape[0]), last.reshaped([1] + last.shape)])
      .stopGradient()
  }

  /// Discounted returns along the first axis, cut where an episode ended; passes no gradient.
  ///
  ///     G[t] = rewards[t] + γ (1 − ends[t]) G[t+1],   G[T] = bootstrap
  ///
  /// - Parameters:
  ///   - rewards: [T, B], what followed from each row: r_{t+1}.
  ///   - ends: [T, B], not 0 where the episode ended on that step: d_{t+1}.
  ///   - discount: γ.
  ///   - bootstrap: [B], the value of the state after the last row; zero when there is none.
  public static func discountedReturns(
    rewards: Tensor, ends: Tensor, discount: Double, bootstrap: Tensor? = nil
  ) -> Tensor {
    let graph = rewards.graph
    return rewards.accumulatedBackwards(
      weights: ends.choosing(graph.constant(0), otherwise: graph.constant(discount)),
      last: bootstrap)
  }

  private func checkLast(_ last: Tensor?) {
    precondition(
      last.map { $0.shape == Array(shape.dropFirst()) } ?? true,
      "\(last?.shape ?? []) is no row of \(shape)")
  }
}
