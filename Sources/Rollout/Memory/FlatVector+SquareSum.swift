extension FlatVector where Element: BinaryFloatingPoint {
  /// Returns the sum of the squares in a range, summed in Double in a fixed order.
  ///
  /// - Precondition: the range is within the vector.
  @specialized(where Element == Float)
  @specialized(where Element == Double)
  package func squareSum(in range: Range<Int>) -> Double {
    check(range)
    // Eight independent sums, since a single sum would wait for each addition. Without checks of
    // bounds, eight elements are converted at once.
    var sums = SIMD8<Double>(repeating: 0)
    var index = range.lowerBound
    while index &+ 8 <= range.upperBound {
      var lanes = SIMD8<Double>()
      for lane in 0..<8 { lanes[lane] = Double(base[index &+ lane]) }
      sums += lanes * lanes
      index &+= 8
    }
    var sum = sums.sum()
    while index < range.upperBound {
      sum += Double(base[index]) * Double(base[index])
      index &+= 1
    }
    return sum
  }
}
