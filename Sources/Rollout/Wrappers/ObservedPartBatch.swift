/// A wrapper that changes one part of the observations and copies the others.
package class ObservedPartBatch: WrappedBatch {
  private let place: Int

  /// Wraps a batch.
  ///
  /// - Parameters:
  ///   - part: the part to change.
  ///   - space: the part's space after the change.
  init(_ inner: any EnvironmentBatch, _ part: ObservedPart, shown space: Space) {
    place = part.place
    super.init(inner, observation: part.replaced(by: space))
  }

  /// Writes the changed part for some environments, given the inner one, which comes first.
  func observePart(
    _ range: Range<Int>, _ moment: Moment, from source: ObservationRow, into target: ObservationRow
  ) {
    source.copy(range, to: target)
  }

  override final func observe(
    _ range: Range<Int>, _ moment: Moment, from source: ObservationRow, into target: ObservationRow
  ) {
    for leaf in 0..<source.leafCount where leaf != place {
      source.dropping(leaf).copy(range, to: target.dropping(leaf))
    }
    observePart(range, moment, from: source.dropping(place), into: target.dropping(place))
  }
}

/// The part of an observation that a wrapper changes: all of it, or one leaf of a Dict or Tuple.
struct ObservedPart {
  /// The index of the leaf in the observation.
  let place: Int
  /// The space of the leaf.
  let space: Space
  private let whole: Space

  /// Finds the leaf with a path of names and indices separated by dots; `nil` for the whole.
  ///
  /// - Throws: `SpaceMismatch` if there is no such leaf, or if the path is nil and there are
  ///   several.
  init(of whole: Space, at path: String?) throws(SpaceMismatch) {
    self.whole = whole
    guard let path else {
      if case .leaf = whole.parts {
        (place, space) = (0, whole)
        return
      }
      throw SpaceMismatch(
        description: """
          the observation is \(whole) and must be a Box: name one of its parts after an @: \
          \(whole.parts.paths().joined(separator: ", "))
          """)
    }
    let parts = whole.parts
    let paths = parts.paths()
    guard let place = paths.firstIndex(of: path), path != "" else {
      let names = paths.filter { $0 != "" }
      let nearest = NearestMatch.find(path, among: names).map { ". Did you mean \($0)?" } ?? ""
      throw SpaceMismatch(
        description: names.isEmpty
          ? "the observation is \(whole), which has no parts: leave '@\(path)' out"
          : """
          the observation is \(whole), which has no leaf '\(path)'; its leaves are \
          \(names.joined(separator: ", "))\(nearest)
          """)
    }
    self.place = place
    space = parts.leaves[place]
  }

  /// Returns the space of the whole observation with another space in place of the part.
  func replaced(by space: Space) -> Space {
    var leaves = whole.parts.leaves
    leaves[place] = space
    return whole.filled(with: leaves[...]).space
  }
}

extension Space {
  /// Returns the same containers with other leaves, in declared order, and the remaining leaves.
  fileprivate func filled(
    with leaves: ArraySlice<Space>
  ) -> (space: Space, rest: ArraySlice<Space>) {
    switch self {
    case .tuple(let parts):
      var (rest, filled) = (leaves, [Space]())
      for part in parts {
        let next = part.filled(with: rest)
        filled.append(next.space)
        rest = next.rest
      }
      return (.tuple(filled), rest)
    case .dict(let fields):
      var (rest, filled) = (leaves, [SpaceField]())
      for field in fields {
        let next = field.space.filled(with: rest)
        filled.append(SpaceField(field.name, next.space))
        rest = next.rest
      }
      return (.dict(filled), rest)
    default: return (leaves[leaves.startIndex], leaves.dropFirst())
    }
  }
}
