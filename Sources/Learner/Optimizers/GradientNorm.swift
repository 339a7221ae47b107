import Rollout

extension FlatVector where Element: BinaryFloatingPoint {
  /// Returns the Euclidean norm, summed in Double in a fixed order.
  @specialized(where Element == Float)
  @specialized(where Element == Double)
  public func norm() -> Double { squareSum(in: 0..<count).squareRoot() }

  /// Scales the vector down to a norm, as PyTorch's `clip_grad_norm_`; returns its norm before.
  ///
  /// An infinite limit only measures the norm. A vector whose norm is not finite stays unchanged.
  @discardableResult
  public func clipNorm(to limit: Double) -> Double { clipNorm(to: limit, in: 0..<count) }

  /// Scales the vector down to a norm; returns its norm before.
  ///
  /// - Parameter range: a range outside of which all elements are 0. It does not influence the
  ///   result.
  @discardableResult
  package func clipNorm(to limit: Double, in range: Range<Int>) -> Double {
    // From a multiple of eight, each element belongs to the same sum as in the whole vector.
    let first = range.lowerBound & ~7
    let norm = squareSum(in: first..<min((range.upperBound + 7) & ~7, count)).squareRoot()
    guard limit.isFinite, norm.isFinite else { return norm }
    // PyTorch's guard against a division by zero.
    let scale = min(1, limit / (norm + 1e-6))
    if scale < 1 {
      var numbers = mutableSpan(range)
      for i in numbers.indices { numbers[i] *= Element(scale) }
    }
    return norm
  }
}

extension FlatVector<Float> {
  /// Returns the largest magnitude in a range: NaN if any number is NaN, 0 for an empty range.
  func largestMagnitude(in range: Range<Int>) -> Float {
    // Without the sign bit, the bit patterns of floats have the order of their magnitudes, with
    // infinity and then NaN above all others.
    let numbers = span(range)
    var largest: UInt32 = 0
    for index in numbers.indices {
      largest = max(largest, numbers[index].bitPattern & 0x7fff_ffff)
    }
    return Float(bitPattern: largest)
  }

  /// Returns the largest absolute difference from another vector in a range.
  ///
  /// The result is NaN if any difference is NaN, and 0 for an empty range.
  func largestDistance(from other: FlatVector<Float>, in range: Range<Int>) -> Float {
    // Compared by bit patterns, as above.
    let (numbers, others) = (span(range), other.span(range))
    var largest: UInt32 = 0
    for index in 0..<range.count {
      largest = max(largest, (numbers[index] - others[index]).bitPattern & 0x7fff_ffff)
    }
    return Float(bitPattern: largest)
  }

  /// Adds all numbers of a vector of the same length.
  func add(_ other: FlatVector<Float>) {
    precondition(count == other.count, "\(other.count) numbers for a vector of \(count)")
    let source = other.span
    var target = mutableSpan
    for i in target.indices { target[i] += source[i] }
  }
}
