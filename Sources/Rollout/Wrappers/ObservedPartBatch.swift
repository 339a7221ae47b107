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

  /// Writes the changed part, given the inner one.
  func observePart(_ index: Int, _ moment: Moment, from source: LeafRow, into target: LeafRow) {
    source.copy(to: target)
  }

  override final func observe(
    _ index: Int, _ moment: Moment, from source: LeafRow, into target: LeafRow
  ) {
    for leaf in 0..<rows.obsLeafCount where leaf != place {
      source.dropping(leaf).copy(to: target.dropping(leaf))
    }
    observePart(index, moment, from: source.dropping(place), into: target.dropping(place))
  }
}
