/// Returns true if two numbers agree to an absolute or a relative bound; NaN never agrees.
public func isClose(
  _ observed: Double, _ expected: Double, absolute: Double = 0, relative: Double = 0
) -> Bool {
  if observed == expected { return true }
  return abs(observed - expected) <= max(absolute, relative * abs(expected))
}

/// Describes the largest difference of two vectors; `nil` when all elements agree.
///
/// The sentence has the index and the values.
public func firstDifference(
  _ observed: [Double], _ expected: [Double], absolute: Double = 0, relative: Double = 0
) -> String? {
  guard observed.count == expected.count else {
    return "\(observed.count) values where \(expected.count) were expected"
  }
  for index in observed.indices
  where !isClose(observed[index], expected[index], absolute: absolute, relative: relative) {
    return """
      at \(index): \(observed[index]) where \(expected[index]) was expected, \
      off by \(abs(observed[index] - expected[index]))
      """
  }
  return nil
}
