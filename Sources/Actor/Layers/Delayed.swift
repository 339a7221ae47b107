import Rollout

extension Graph {
  /// What the row before said, zero where an episode begins: memory for policies of one's own.
  ///
  ///     out[t] = (1 − resets[t]) x[t−1],   x[−1] = first
  ///
  /// - Parameters:
  ///   - x: [T, B, F].
  ///   - first: [B, F], what the actor carries when it comes to the first row.
  ///   - resets: [T, B], 1 where the row is the first of an episode, otherwise 0: a state's `fin`.
  /// - Returns: [T, B, F]; `x.rows(T - 1..<T)` is what is to be carried on.
  public func delayed(_ x: Tensor, from first: Tensor, resets: Tensor) -> Tensor {
    precondition(
      x.shape.count == 3 && first.shape == Array(x.shape.dropFirst())
        && resets.shape == Array(x.shape.dropLast()),
      "\(x.shape) is not delayed from \(first.shape) with resets \(resets.shape)")
    let earlier = x.rows(0..<x.shape[0] - 1)
    return concatenateRows([first.reshaped([1] + first.shape), earlier]) * (1 - resets)
  }
}
