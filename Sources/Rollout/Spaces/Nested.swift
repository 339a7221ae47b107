/// A value or a container of values, used to structure observations, actions and outputs.
///
/// Containers keep their declared order, so flattening gives the same order on both sides of a
/// process boundary. `map` and `zip` correspond to `plyr` in the Python project.
///
/// ```swift
/// let spaces: Nested<Space> = .fields([("camera", .leaf(image)), ("proximity", .leaf(box))])
/// let types = spaces.map { "\($0)" }
/// ```
public indirect enum Nested<Leaf> {
  /// A value.
  case leaf(Leaf)
  /// A container by position.
  case list([Nested])
  /// A container by name, in declared order.
  case fields([(name: String, value: Nested)])

  /// An empty container.
  public static var empty: Nested { .list([]) }

  /// Applies a function to every leaf and keeps the structure.
  public func map<Result, Failure: Error>(
    _ transform: (Leaf) throws(Failure) -> Result
  ) throws(Failure) -> Nested<Result> {
    switch self {
    case .leaf(let leaf): return .leaf(try transform(leaf))
    case .list(let items):
      var results: [Nested<Result>] = []
      for item in items { results.append(try item.map(transform)) }
      return .list(results)
    case .fields(let fields):
      var results: [(name: String, value: Nested<Result>)] = []
      for field in fields { results.append((field.name, try field.value.map(transform))) }
      return .fields(results)
    }
  }

  /// Pairs the leaves of two containers with the same structure; returns `nil` if they differ.
  public func zip<Other>(_ other: Nested<Other>) -> Nested<(Leaf, Other)>? {
    switch (self, other) {
    case (.leaf(let left), .leaf(let right)):
      return .leaf((left, right))
    case (.list(let left), .list(let right)) where left.count == right.count:
      var results: [Nested<(Leaf, Other)>] = []
      for (one, two) in Swift.zip(left, right) {
        guard let both = one.zip(two) else { return nil }
        results.append(both)
      }
      return .list(results)
    case (.fields(let left), .fields(let right)) where left.map(\.name) == right.map(\.name):
      var results: [(name: String, value: Nested<(Leaf, Other)>)] = []
      for (one, two) in Swift.zip(left, right) {
        guard let both = one.value.zip(two.value) else { return nil }
        results.append((one.name, both))
      }
      return .fields(results)
    default:
      return nil
    }
  }

  /// The leaves in declared order.
  public var leaves: [Leaf] {
    switch self {
    case .leaf(let leaf): [leaf]
    case .list(let items): items.flatMap(\.leaves)
    case .fields(let fields): fields.flatMap(\.value.leaves)
    }
  }

  /// Returns each leaf's path below `root`, in the order of `leaves`: names and indices with dots.
  package func paths(below root: String = "") -> [String] {
    func joined(_ part: String) -> String { root.isEmpty ? part : "\(root).\(part)" }
    switch self {
    case .leaf: return [root]
    case .list(let items):
      return items.enumerated().flatMap { $1.paths(below: joined(String($0))) }
    case .fields(let fields):
      return fields.flatMap { $0.value.paths(below: joined($0.name)) }
    }
  }

  /// Returns the leaf with a path of `paths`; `nil` if there is none.
  public func value(at path: String) -> Leaf? {
    paths().firstIndex(of: path).map { leaves[$0] }
  }

  /// The part with that name; `nil` if there is none or this is not a container by name.
  public subscript(name: String) -> Nested? {
    guard case .fields(let fields) = self else { return nil }
    return fields.first { $0.name == name }?.value
  }

  /// The part at that position; `nil` if there is none or this is a leaf.
  public subscript(position: Int) -> Nested? {
    switch self {
    case .leaf: nil
    case .list(let items): items.indices.contains(position) ? items[position] : nil
    case .fields(let fields): fields.indices.contains(position) ? fields[position].value : nil
    }
  }

  /// The value if this is a leaf, otherwise `nil`.
  public var value: Leaf? {
    if case .leaf(let leaf) = self { leaf } else { nil }
  }

  /// Returns a container of the same structure with the given leaves, in declared order.
  ///
  /// - Precondition: there are as many values as leaves.
  package func filled<Other>(with values: [Other]) -> Nested<Other> {
    var remaining = values[...]
    let result = map { _ in remaining.removeFirst() }
    precondition(remaining.isEmpty, "\(values.count) values for \(leaves.count) leaves")
    return result
  }
}

extension Nested: Equatable where Leaf: Equatable {
  /// Returns true if structure, names and leaves are equal.
  public static func == (left: Nested, right: Nested) -> Bool {
    guard let pairs = left.zip(right) else { return false }
    return pairs.leaves.allSatisfy { $0 == $1 }
  }
}

extension Nested: Sendable where Leaf: Sendable {}
