/// Whether two numbers agree to an absolute or a relative bound; NaN agrees with nothing.
public func isClose(
  _ observed: Double, _ expected: Double, absolute: Double = 0, relative: Double = 0
) -> Bool {
  if observed == expected { return true }
  return abs(observed - expected) <= max(absolute, relative * abs(expected))
}

/// Where two vectors differ most: `nil` when all agree, otherwise a sentence with index and values.
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
