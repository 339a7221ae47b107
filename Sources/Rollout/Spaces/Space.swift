/// The set of values that an observation or an action can take.
public indirect enum Space: Sendable, Equatable {
  /// Numbers within bounds, which are the same for all elements.
  case box(shape: [Int], low: Double, high: Double, elementType: ElementType = .float32)
  /// One of `count` choices, 0 ..< count.
  case discrete(Int)
  /// Several choices at once: element i is in 0 ..< counts[i].
  case multiDiscrete([Int])
  /// `count` binary choices at once, stored as 0 or 1.
  case multiBinary(Int)
  /// Spaces by position.
  case tuple([Space])
  /// Spaces by name, in declared order.
  case dict([SpaceField])

  /// The arrays in which a value of the space is stored.
  package var leaves: Nested<LeafSpecification> {
    switch self {
    case .box(let shape, _, _, let elementType): .leaf(.init(elementType, shape))
    case .discrete: .leaf(.init(.int32, []))
    case .multiDiscrete(let counts): .leaf(.init(.int32, [counts.count]))
    case .multiBinary(let count): .leaf(.init(.uint8, [count]))
    case .tuple(let spaces): .list(spaces.map(\.leaves))
    case .dict(let fields): .fields(fields.map { ($0.name, $0.space.leaves) })
    }
  }

  /// The non-container spaces within this one, in its structure.
  public var parts: Nested<Space> {
    switch self {
    case .tuple(let spaces): .list(spaces.map(\.parts))
    case .dict(let fields): .fields(fields.map { ($0.name, $0.space.parts) })
    default: .leaf(self)
    }
  }
}

/// A named part of a space.
public struct SpaceField: Sendable, Equatable {
  /// The part's name.
  public var name: String
  /// The part's space.
  public var space: Space

  /// Creates a named part.
  public init(_ name: String, _ space: Space) {
    self.name = name
    self.space = space
  }
}

/// The element type and shape of an array, per environment.
public struct LeafSpecification: Sendable, Equatable {
  /// The type of the elements.
  public var elementType: ElementType
  /// The shape of one environment's value; empty for a single number.
  public var shape: [Int]

  /// Creates a specification.
  public init(_ elementType: ElementType, _ shape: [Int]) {
    self.elementType = elementType
    self.shape = shape
  }

  /// The number of elements in one environment's value.
  public var elementCount: Int { shape.reduce(1, *) }

  /// The size of one environment's value in bytes.
  package var byteCount: Int { elementCount * elementType.byteCount }
}

extension Space: CustomStringConvertible {
  /// The space in Gymnasium's notation.
  public var description: String {
    switch self {
    case .box(let shape, let low, let high, let elementType):
      "Box(\(low), \(high), \(shape), \(elementType.rawValue))"
    case .discrete(let count): "Discrete(\(count))"
    case .multiDiscrete(let counts): "MultiDiscrete(\(counts))"
    case .multiBinary(let count): "MultiBinary(\(count))"
    case .tuple(let spaces): "Tuple(\(spaces.map(\.description).joined(separator: ", ")))"
    case .dict(let fields):
      "Dict(\(fields.map { "\($0.name): \($0.space)" }.joined(separator: ", ")))"
    }
  }
}
