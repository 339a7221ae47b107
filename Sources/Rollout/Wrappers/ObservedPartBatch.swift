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
