import Rollout

extension FlatVector where Element: BinaryFloatingPoint {
  /// Returns the Euclidean norm, summed in Double in a fixed order.
  @specialized(where Element == Float)
  @specialized(where Element == Double)
  public func norm() -> Double { squareSum(in: 0..<count).squareRoot() }

  /// Returns the sum of the squares in a range, summed in Double in a fixed order.
  @specialized(where Element == Float)
  @specialized(where Element == Double)
  func squareSum(in range: Range<Int>) -> Double {
    // Eight independent sums, since a single sum would wait for each addition.
    let numbers = span
    var sums = SIMD8<Double>(repeating: 0)
    var index = range.lowerBound
    while index + 8 <= range.upperBound {
      var lanes = SIMD8<Double>()
      for lane in 0..<8 { lanes[lane] = Double(numbers[index + lane]) }
      sums += lanes * lanes
      index += 8
    }
    var sum = sums.sum()
    while index < range.upperBound {
      sum += Double(numbers[index]) * Double(numbers[index])
      index += 1
    }
    return sum
  }

  /// Scales the vector down to a norm, as PyTorch's `clip_grad_norm_`; returns its norm before.
  ///
  /// An infinite limit only measures the norm. A vector whose norm is not finite stays unchanged.
  @discardableResult
  public func clipNorm(to limit: Double) -> Double {
    let norm = norm()
    guard limit.isFinite, norm.isFinite else { return norm }
    // PyTorch's guard against a division by zero.
    let scale = min(1, limit / (norm + 1e-6))
    if scale < 1 {
      var numbers = mutableSpan
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
