extension [Double] {
  /// Returns a quantile, interpolated linearly between the two nearest numbers as NumPy does.
  ///
  /// With the numbers sorted and counted from 0, it is the one at position
  /// `share · (count − 1)`. Infinite numbers count as larger or smaller than all others.
  ///
  /// - Parameter share: the share of smaller numbers, from 0 to 1.
  /// - Returns: NaN if there are no numbers.
  package func quantile(_ share: Double) -> Double {
    guard !isEmpty else { return .nan }
    let sorted = sorted()
    let position = share * Double(count - 1)
    let index = Int(position)
    let weight = position - Double(index)
    // The next number may be infinite or not exist.
    guard weight > 0 else { return sorted[index] }
    return sorted[index] * (1 - weight) + sorted[index + 1] * weight
  }

  /// The median; for an even count, the mean of the two middle numbers, and NaN without numbers.
  package var median: Double { quantile(0.5) }
}
