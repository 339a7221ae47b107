public import Actor

/// A stretch of the weights that an optimiser moves, and how quickly.
public struct ParameterGroup: Sendable, Equatable {
  /// The weights, by their place in the flat vector.
  public var range: Range<Int>
  /// What the learning rate is multiplied by.
  public var rateFactor: Double

  /// Weights that move at the learning rate, or at a multiple of it.
  public init(_ range: Range<Int>, rateFactor: Double = 1) {
    self.range = range
    self.rateFactor = rateFactor
  }
}

extension ParameterLayout {
  /// What an optimiser is to move: all that is learnt and no buffer, neighbours of one rate together.
  ///
  /// - Parameter rateFactor: what the learning rate is multiplied by for a parameter.
  public func groups(
    rateFactor: (Entry) -> Double = { _ in 1 }
  ) -> [ParameterGroup] {
    var groups: [ParameterGroup] = []
    for entry in entries where entry.isLearnt {
      let factor = rateFactor(entry)
      if let last = groups.last, last.rateFactor == factor,
        last.range.upperBound == entry.offset
      {
        groups[groups.count - 1].range = last.range.lowerBound..<entry.range.upperBound
      } else {
        groups.append(ParameterGroup(entry.range, rateFactor: factor))
      }
    }
    return groups
  }
}

extension [ParameterGroup] {
  /// The groups, or one of all weights where none are named.
  ///
  /// - Precondition: all lie within the weights.
  static func checked(_ groups: [ParameterGroup]?, count: Int) -> [ParameterGroup] {
    let groups = groups ?? [ParameterGroup(0..<count)]
    for group in groups {
      precondition(
        group.range.lowerBound >= 0 && group.range.upperBound <= count,
        "the group \(group.range) of \(count) weights")
    }
    return groups
  }
}
