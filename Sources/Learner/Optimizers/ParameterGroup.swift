public import Actor

/// A range of weights that an optimizer moves, with a factor of the learning rate.
public struct ParameterGroup: Sendable, Equatable {
  /// The range of the weights in the flat vector.
  public var range: Range<Int>
  /// The factor that the learning rate is multiplied by.
  public var rateFactor: Double

  /// Creates a group that moves at the learning rate times a factor.
  public init(_ range: Range<Int>, rateFactor: Double = 1) {
    self.range = range
    self.rateFactor = rateFactor
  }
}

extension ParameterLayout {
  /// Returns the groups of all learned parameters, without buffers.
  ///
  /// Adjacent parameters with the same factor share a group.
  ///
  /// - Parameter rateFactor: returns the factor of the learning rate for a parameter.
  public func groups(
    rateFactor: (Entry) -> Double = { _ in 1 }
  ) -> [ParameterGroup] {
    var groups: [ParameterGroup] = []
    for entry in entries where entry.isLearned {
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

  /// The layers with learned parameters: the common prefix of their names, and their slices.
  var layers: [(name: String, ranges: [Range<Int>])] {
    var layers: [(name: String, ranges: [Range<Int>])] = []
    for entry in entries where entry.isLearned {
      let name = entry.name.split(separator: ".").dropLast().joined(separator: ".")
      let layer = name.isEmpty ? entry.name : name
      if let index = layers.firstIndex(where: { $0.name == layer }) {
        layers[index].ranges.append(entry.range)
      } else {
        layers.append((layer, [entry.range]))
      }
    }
    return layers
  }
}

extension [ParameterGroup] {
  /// Returns the groups, or one group of all weights if they are nil.
  ///
  /// - Precondition: all groups lie within the weights.
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
