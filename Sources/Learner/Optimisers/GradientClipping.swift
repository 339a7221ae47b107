import Rollout

extension FlatVector where Element: BinaryFloatingPoint {
  /// The Euclidean norm, summed in Double in a fixed order.
  @specialized(where Element == Float)
  @specialized(where Element == Double)
  public func norm() -> Double {
    // Eight sums side by side: one alone would wait for each addition.
    var sums = SIMD8<Double>(repeating: 0)
    var index = 0
    while index + 8 <= count {
      var lanes = SIMD8<Double>()
      for lane in 0..<8 { lanes[lane] = Double(base[index + lane]) }
      sums += lanes * lanes
      index += 8
    }
    var sum = sums.sum()
    while index < count {
      sum += Double(base[index]) * Double(base[index])
      index += 1
    }
    return sum.squareRoot()
  }

  /// Shortens the vector to a norm, as PyTorch's `clip_grad_norm_` does, and returns the norm it had.
  ///
  /// An infinite limit only measures.
  @discardableResult
  public func clipNorm(to limit: Double) -> Double {
    let norm = norm()
    guard limit.isFinite else { return norm }
    // PyTorch's guard against a division by zero.
    let scale = min(1, limit / (norm + 1e-6))
    if scale < 1 { for i in 0..<count { base[i] *= Element(scale) } }
    return norm
  }
}
