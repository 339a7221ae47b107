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
  /// An infinite limit only measures, and a vector whose norm is not finite stays as it is.
  @discardableResult
  public func clipNorm(to limit: Double) -> Double {
    let norm = norm()
    guard limit.isFinite, norm.isFinite else { return norm }
    // PyTorch's guard against a division by zero.
    let scale = min(1, limit / (norm + 1e-6))
    if scale < 1 { for i in 0..<count { base[i] *= Element(scale) } }
    return norm
  }
}

extension FlatVector<Float> {
  /// The largest magnitude among some of the numbers: NaN if one is, 0 for none.
  func largestMagnitude(in range: Range<Int>) -> Float {
    // Without its sign a number's bits are in the order of magnitudes, with infinity and then NaN above all others.
    var largest: UInt32 = 0
    for index in range { largest = max(largest, base[index].bitPattern & 0x7fff_ffff) }
    return Float(bitPattern: largest)
  }

  /// The largest distance of some numbers from those of another vector at their places: NaN if one is, 0 for none.
  func largestDistance(from other: FlatVector<Float>, in range: Range<Int>) -> Float {
    // By bits, as above.
    var largest: UInt32 = 0
    for index in range {
      largest = max(largest, (base[index] - other.base[index]).bitPattern & 0x7fff_ffff)
    }
    return Float(bitPattern: largest)
  }

  /// Takes over all numbers of a vector of the same length.
  func copy(_ other: FlatVector<Float>) {
    precondition(count == other.count, "\(other.count) numbers for a vector of \(count)")
    base.update(from: other.base, count: count)
  }

  /// Adds all numbers of a vector of the same length.
  func add(_ other: FlatVector<Float>) {
    precondition(count == other.count, "\(other.count) numbers for a vector of \(count)")
    for i in 0..<count { base[i] += other.base[i] }
  }
}
