import Foundation

/// The spaces of an environment.
public struct EnvironmentSpaces: Sendable, Equatable {
  /// The space of observations.
  public var observation: Space
  /// The space of actions.
  public var action: Space
  /// The space of information, a Dict; empty if there is none.
  public var information: Space

  /// The spaces as Gymnasium declares them, before any wrapper; `nil` for an environment in Swift.
  package var declared: DeclaredSpaces?
  /// The bounds of each element, by leaf of the action, for Boxes with different ones.
  package var elementBounds: [Int: [(low: Double, high: Double)]] = [:]

  /// Creates the spaces of an environment.
  public init(observation: Space, action: Space, information: Space = .dict([])) {
    self.observation = observation
    self.action = action
    self.information = information
  }

  /// Returns true if the observation and action spaces are equal; no policy sees information.
  public static func == (first: EnvironmentSpaces, second: EnvironmentSpaces) -> Bool {
    first.observation == second.observation && first.action == second.action
  }
}

/// Both spaces of an environment as stored in a checkpoint's metadata.
private struct StoredSpaces: Codable {
  var observation: SpaceDescription
  var action: SpaceDescription
}

extension EnvironmentSpaces {
  /// The spaces as JSON on one line, for a checkpoint's metadata; equal spaces give equal text.
  package var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var description = StoredSpaces(
      observation: SpaceDescription(observation), action: SpaceDescription(action))
    description.action.setElementBounds(elementBounds)
    guard let data = try? encoder.encode(description) else {
      preconditionFailure("\(self) cannot be encoded as JSON")
    }
    return String(decoding: data, as: UTF8.self)
  }

  /// Reads spaces from a file, which may hold anything: every size is checked before it is used.
  ///
  /// - Throws: `SpaceMismatch` with the end of a sentence, such as `are not the JSON of spaces`.
  package init(json: String) throws(SpaceMismatch) {
    let decoder = JSONDecoder()
    guard let stored = try? decoder.decode(StoredSpaces.self, from: Data(json.utf8)),
      let observation = stored.observation.space, let action = stored.action.space
    else {
      throw SpaceMismatch(
        description: "are not the JSON of an observation space and an action space")
    }
    try observation.checkSizes()
    try action.checkSizes()
    self.init(observation: observation, action: action)
    elementBounds = stored.action.elementBounds
    let leaves = self.action.parts.leaves
    let fit = elementBounds.allSatisfy { index, bounds in
      guard leaves.indices.contains(index), case .box(let shape, _, _, _) = leaves[index] else {
        return false
      }
      return bounds.count == shape.reduce(1, *) && bounds.allSatisfy { $0.low <= $0.high }
    }
    guard fit, stored.action.hasBothBounds else {
      throw SpaceMismatch(description: "have bounds of elements that do not fit the actions")
    }
  }
}

extension Space {
  /// The largest sizes that are read from a file, far beyond any use.
  private enum Limit {
    static let elementCount = 1 << 31
    static let partCount = 10_000
    static let axisCount = 32
  }

  /// Checks sizes and names of parts.
  ///
  /// Sizes must not be negative, or so large that arithmetic with them could overflow. The names of
  /// parts must not lead to equal parameter names.
  fileprivate func checkSizes() throws(SpaceMismatch) {
    let parts = parts.leaves
    guard parts.count <= Limit.partCount else {
      throw SpaceMismatch(
        description: "have \(parts.count) parts, but at most \(Limit.partCount) are read")
    }
    var total = 0
    for part in parts {
      guard let width = part.checkedWidth, total + width <= Limit.elementCount else {
        throw SpaceMismatch(
          description: "have sizes that are negative or larger than \(Limit.elementCount)")
      }
      total += width
    }
    let paths = self.parts.paths(below: "").sorted()
    for (path, next) in zip(paths, paths.dropFirst())
    where path == next || next.hasPrefix(path + ".") {
      throw SpaceMismatch(description: "have two parts with the name '\(path)'")
    }
  }

  /// The largest number of inputs that a part becomes; nil for sizes that no space has.
  private var checkedWidth: Int? {
    switch self {
    case .box(let shape, let low, let high, _):
      guard shape.count <= Limit.axisCount, low <= high else { return nil }
      return shape.reduce(1 as Int?) { product, extent in
        guard let product, extent >= 0 else { return nil }
        let (next, isBeyond) = product.multipliedReportingOverflow(by: extent)
        return isBeyond || next > Limit.elementCount ? nil : next
      }
    case .discrete(let count):
      return count >= 1 && count < Limit.elementCount ? count : nil
    case .multiDiscrete(let counts):
      return counts.reduce(0 as Int?) { sum, count in
        guard let sum, count >= 1, count < Limit.elementCount else { return nil }
        return sum + count > Limit.elementCount ? nil : sum + count
      }
    case .multiBinary(let count):
      return count >= 0 && count < Limit.elementCount ? count : nil
    case .tuple, .dict: return nil
    }
  }
}

extension Space {
  /// Returns true if a policy trained on one space can be played on the other.
  ///
  /// Bounds of observations differ between implementations of one task and matter to no network,
  /// except that images of uint8 are scaled by theirs.
  package func showsSame(as other: Space) -> Bool {
    switch (self, other) {
    case (.box(let shape, _, _, let type), .box(let otherShape, _, _, let otherType))
    where type != .uint8:
      shape == otherShape && type == otherType
    case (.tuple(let parts), .tuple(let others)):
      parts.count == others.count && zip(parts, others).allSatisfy { $0.showsSame(as: $1) }
    case (.dict(let fields), .dict(let others)):
      fields.count == others.count
        && zip(fields, others).allSatisfy { $0.name == $1.name && $0.space.showsSame(as: $1.space) }
    default: self == other
    }
  }
}

extension SpaceDescription {
  /// Describes a space.
  init(_ space: Space) {
    switch space {
    case .box(let shape, let low, let high, let elementType):
      self.init(
        kind: "box", shape: shape, low: low.isFinite ? low : nil, high: high.isFinite ? high : nil,
        elementType: elementType)
    case .discrete(let count): self.init(kind: "discrete", count: count)
    case .multiDiscrete(let counts): self.init(kind: "multi-discrete", counts: counts)
    case .multiBinary(let count): self.init(kind: "multi-binary", count: count)
    case .tuple(let parts): self.init(kind: "tuple", parts: parts.map { SpaceDescription($0) })
    case .dict(let fields):
      self.init(
        kind: "dict", names: fields.map(\.name), parts: fields.map { SpaceDescription($0.space) })
    }
  }
}
