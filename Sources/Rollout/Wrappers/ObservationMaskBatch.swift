/// A wrapper that shows some elements of a Box and hides the others.
///
/// The actor has to remember or infer hidden elements. The space becomes a Box of the kept
/// elements, [kept], in the order of `indices`, with the original bounds and element type.
package final class ObservationMaskBatch: ObservedPartBatch {
  /// The offsets of the kept elements, in bytes from the start of the observation.
  private let offsets: [Int]
  private let width: Int

  /// Wraps a batch.
  ///
  /// - Parameters:
  ///   - inner: the batch to wrap.
  ///   - indices: the elements to keep, as row-major indices into the Box, in any order.
  ///   - path: the part of a Dict or Tuple to mask; `nil` for the whole observation.
  /// - Throws: `SpaceMismatch` if the observation is not a Box, or an index is out of range or
  ///   repeated.
  package init(
    _ inner: any EnvironmentBatch, keeping indices: [Int], at path: String? = nil
  ) throws(SpaceMismatch) {
    let part = try ObservedPart(of: inner.spaces.observation, at: path)
    let space = try part.space.keeping(indices)
    let width = try part.space.box.elementType.byteCount
    offsets = indices.map { $0 * width }
    self.width = width
    super.init(inner, part, shown: space)
  }

  override func observePart(
    _ index: Int, _ moment: Moment, from source: LeafRow, into target: LeafRow
  ) {
    for (place, offset) in offsets.enumerated() {
      source.copy(offset..<offset + width, to: target, at: place * width)
    }
  }
}

extension Space {
  /// Returns the Box of some of this one's elements.
  func keeping(_ indices: [Int]) throws(SpaceMismatch) -> Space {
    guard case .box(let shape, let low, let high, let elementType) = self else {
      throw SpaceMismatch(
        description: """
          the observation of the environments, \(self), cannot be masked: it must be a Box
          """)
    }
    let count = shape.reduce(1, *)
    for (place, index) in indices.enumerated() {
      guard index >= 0 && index < count else {
        throw SpaceMismatch(
          description: """
            element \(index) of the observation of the environments cannot be kept: \(self) has \
            the elements 0 to \(count - 1)
            """)
      }
      guard !indices[..<place].contains(index) else {
        throw SpaceMismatch(
          description: """
            element \(index) of the observation of the environments is kept twice: name it once
            """)
      }
    }
    return .box(shape: [indices.count], low: low, high: high, elementType: elementType)
  }
}
