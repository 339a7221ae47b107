import Rollout

// Operations along time on [T, B] rows. They pass no gradient: return estimates are constants in an
// objective.
extension Tensor {
  /// Returns a weighted sum that runs backwards along the first axis; passes no gradient.
  ///
  ///     y[t] = x[t] + weights[t] y[t+1],   y[T] = last
  ///
  /// A weight of 0 hides all that follows, even NaN. Discounted returns, GAE and V-trace are such
  /// sums.
  ///
  /// - Parameters:
  ///   - weights: [T, B], the shape of this tensor.
  ///   - last: [B], the sum after the last row; `nil` for zero.
  public func accumulatedBackwards(weights: Tensor, last: Tensor? = nil) -> Tensor {
    precondition(shape.count == 2, "accumulated values must be [T, B], not \(shape)")
    precondition(weights.shape == shape, "weights of shape \(weights.shape) do not fit \(shape)")
    checkLast(last)
    return graph.append(
      .accumulateBackwards, [numeric, weights.numeric] + (last.map { [$0.numeric] } ?? []), shape)
  }

  /// Returns the tensor one row later, with `last` after the last row; passes no gradient.
  ///
  /// - Parameter last: a row [B, …] of this tensor [T, B, …].
  package func following(last: Tensor) -> Tensor {
    checkLast(last)
    return graph.concatenateRows([rows(1..<shape[0]), last.reshaped([1] + last.shape)])
      .stopGradient()
  }

  /// Returns discounted returns along the first axis that stop at episode ends; passes no gradient.
  ///
  ///     G[t] = rewards[t] + γ (1 − ends[t]) G[t+1],   G[T] = bootstrap
  ///
  /// - Parameters:
  ///   - rewards: [T, B], the reward of the step from each row: r_{t+1}.
  ///   - ends: [T, B], not 0 where that step ended the episode: d_{t+1}.
  ///   - discount: γ.
  ///   - bootstrap: [B], the value estimate of the state after the last row; `nil` for zero.
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
      "\(last?.shape ?? []) is not a row of \(shape)")
  }
}
