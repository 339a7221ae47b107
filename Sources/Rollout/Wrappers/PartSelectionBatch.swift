/// A wrapper that shows some parts of a Dict or Tuple and hides the others.
///
/// The space keeps its kind, names and order.
package final class PartSelectionBatch: WrappedBatch {
  /// The inner leaf of each shown leaf.
  private let kept: [Int]

  /// Wraps a batch and shows the named parts only.
  ///
  /// - Parameter names: paths of leaves or containers, such as `image` or `camera.left`.
  /// - Throws: `SpaceMismatch` if the observation is no Dict or Tuple, or has no such part.
  package convenience init(
    _ inner: any EnvironmentBatch, keeping names: [String]
  ) throws(SpaceMismatch) {
    try self.init(inner, names, isKept: true)
  }

  /// Wraps a batch and shows all other parts.
  ///
  /// - Parameter names: paths of leaves or containers. Those that the bridge to Gymnasium has left
  ///   out may be among them.
  /// - Throws: `SpaceMismatch` as above, or if nothing remains.
  package convenience init(
    _ inner: any EnvironmentBatch, leavingOut names: [String]
  ) throws(SpaceMismatch) {
    try self.init(inner, names, isKept: false)
  }

  private init(
    _ inner: any EnvironmentBatch, _ names: [String], isKept: Bool
  ) throws(SpaceMismatch) {
    let space = inner.spaces.observation
    let paths = space.parts.paths()
    guard paths != [""] else {
      throw SpaceMismatch(description: "the observation is \(space), which has no parts")
    }
    func holds(_ name: String, _ path: String) -> Bool {
      path == name || path.hasPrefix(name + ".")
    }
    let absent = inner.spaces.declared?.leftOut ?? []
    for name in names where !paths.contains(where: { holds(name, $0) }) {
      if absent.contains(name) {
        if !isKept { continue }
        throw SpaceMismatch(
          description: "the part '\(name)' of the observation cannot be stored: leave it out")
      }
      let nearest = NearestMatch.find(name, among: paths).map { ". Did you mean \($0)?" } ?? ""
      throw SpaceMismatch(
        description: """
          the observation is \(space), which has no part '\(name)'; its parts are \
          \(paths.joined(separator: ", "))\(nearest)
          """)
    }
    let kept = paths.indices.filter { place in
      names.contains { holds($0, paths[place]) } == isKept
    }
    guard !kept.isEmpty else {
      throw SpaceMismatch(description: "nothing of the observation \(space) would be left")
    }
    self.kept = kept
    super.init(inner, observation: space.keeping(leaves: Set(kept)))
  }

  override func observe(
    _ range: Range<Int>, _ moment: Moment, from source: ObservationRow, into target: ObservationRow
  ) {
    for (place, leaf) in kept.enumerated() {
      source.dropping(leaf).copy(range, to: target.dropping(place))
    }
  }
}

extension Space {
  /// Returns the containers with some of their leaves, and without those that become empty.
  fileprivate func keeping(leaves: Set<Int>) -> Space {
    var next = 0
    func filtered(_ space: Space) -> Space? {
      switch space {
      case .tuple(let parts):
        let kept = parts.compactMap(filtered)
        return kept.isEmpty ? nil : .tuple(kept)
      case .dict(let fields):
        let kept = fields.compactMap { field in
          filtered(field.space).map { SpaceField(field.name, $0) }
        }
        return kept.isEmpty ? nil : .dict(kept)
      default:
        defer { next += 1 }
        return leaves.contains(next) ? space : nil
      }
    }
    return filtered(self) ?? self
  }
}
