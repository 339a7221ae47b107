import Rollout

extension Graph {
  /// Returns the previous row, zero where an episode begins: memory for custom policies.
  ///
  ///     out[t] = (1 − resets[t]) x[t−1],   x[−1] = first
  ///
  /// - Parameters:
  ///   - x: [T, B, F].
  ///   - first: [B, F], the recurrent state before the first row.
  ///   - resets: [T, B], 1 where an episode begins, otherwise 0: a state's `fin`.
  /// - Returns: [T, B, F]; `x.rows(T - 1..<T)` is the recurrent state to return.
  public func delayed(_ x: Tensor, from first: Tensor, resets: Tensor) -> Tensor {
    precondition(
      x.shape.count == 3 && first.shape == Array(x.shape.dropFirst())
        && resets.shape == Array(x.shape.dropLast()),
      "\(x.shape) cannot be delayed from \(first.shape) with resets \(resets.shape)")
    let earlier = x.rows(0..<x.shape[0] - 1)
    return concatenateRows([first.reshaped([1] + first.shape), earlier]) * (1 - resets)
  }
}
