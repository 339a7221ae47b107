/// A wrapper that changes one part of the observations and shows the others as they are.
public class ObservedPartBatch: WrappedBatch {
  private let place: Int

  /// Wraps a batch.
  ///
  /// - Parameters:
  ///   - part: what is changed.
  ///   - space: what becomes of it.
  init(_ inner: any EnvironmentBatch, _ part: ObservedPart, shown space: Space) {
    place = part.place
    super.init(inner, observation: part.replaced(by: space))
  }

  /// Writes what is shown of the inner part.
  func observePart(_ index: Int, _ moment: Moment, from source: LeafRow, into target: LeafRow) {
    source.unsafeCopy(to: target)
  }

  override final func observe(
    _ index: Int, _ moment: Moment, from source: LeafRow, into target: LeafRow
  ) {
    for leaf in 0..<rows.obsLeafCount where leaf != place {
      source.dropping(leaf).unsafeCopy(to: target.dropping(leaf))
    }
    observePart(index, moment, from: source.dropping(place), into: target.dropping(place))
  }
}
