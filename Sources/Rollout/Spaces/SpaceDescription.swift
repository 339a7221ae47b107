/// A space as described by the bridge in JSON.
///
/// Infinite bounds are omitted, because JSON has no infinity.
struct SpaceDescription: Codable {
  var kind: String
  var shape: [Int]?
  var low: Double?
  var high: Double?
  var elementType: ElementType?
  var count: Int?
  var counts: [Int]?
  var names: [String]?
  var parts: [SpaceDescription]?
  /// The bounds of each element of a Box with different bounds, nil for an infinite one.
  var lows: [Double?]?
  var highs: [Double?]?

  /// The bounds of each element, by leaf, for the Boxes with different bounds.
  var elementBounds: [Int: [PlayedActions.Range]] {
    var found: [Int: [PlayedActions.Range]] = [:]
    for (index, leaf) in leaves.enumerated() {
      guard let lows = leaf.lows, let highs = leaf.highs, lows.count == highs.count else {
        continue
      }
      found[index] = zip(lows, highs).map { ($0 ?? -.infinity, $1 ?? .infinity) }
    }
    return found
  }

  /// Sets the bounds of each element of some leaves, by their numbers.
  mutating func setElementBounds(_ bounds: [Int: [PlayedActions.Range]]) {
    var number = 0
    setElementBounds(bounds, from: &number)
  }

  private mutating func setElementBounds(
    _ bounds: [Int: [PlayedActions.Range]], from number: inout Int
  ) {
    if let count = parts?.count {
      for index in 0..<count { parts?[index].setElementBounds(bounds, from: &number) }
      return
    }
    if let ranges = bounds[number] {
      lows = ranges.map { $0.low.isFinite ? $0.low : nil }
      highs = ranges.map { $0.high.isFinite ? $0.high : nil }
    }
    number += 1
  }

  /// True if every leaf has as many lower as upper bounds of elements.
  var hasBothBounds: Bool { leaves.allSatisfy { $0.lows?.count == $0.highs?.count } }

  private var leaves: [SpaceDescription] { parts.map { $0.flatMap(\.leaves) } ?? [self] }

  /// The space, or nil if the description is invalid.
  var space: Space? {
    switch (kind, parts.map { $0.map(\.space) }) {
    case ("box", _):
      guard let shape, let elementType else { return nil }
      return .box(
        shape: shape, low: low ?? -.infinity, high: high ?? .infinity, elementType: elementType)
    case ("discrete", _): return count.map { .discrete($0) }
    case ("multi-discrete", _): return counts.map { .multiDiscrete($0) }
    case ("multi-binary", _): return count.map { .multiBinary($0) }
    case ("tuple", let parts?):
      let known = parts.compactMap(\.self)
      return known.count == parts.count ? .tuple(known) : nil
    case ("dict", let parts?):
      guard let names, names.count == parts.count else { return nil }
      let fields = zip(names, parts).compactMap { name, part in part.map { SpaceField(name, $0) } }
      return fields.count == parts.count ? .dict(fields) : nil
    default: return nil
    }
  }
}

/// The observation and action spaces of an environment as described by the bridge.
struct EnvironmentsDescription: Codable {
  var observation: SpaceDescription
  var action: SpaceDescription
  /// The complete spaces as Python declares them.
  var declared: DeclaredSpaces

  /// Both spaces, or nil if the description is invalid.
  var spaces: EnvironmentSpaces? {
    guard let observation = observation.space, let action = action.space else { return nil }
    var spaces = EnvironmentSpaces(observation: observation, action: action)
    spaces.declared = declared
    spaces.elementBounds = self.action.elementBounds
    return spaces
  }
}
