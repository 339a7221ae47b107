/// A wrapper that shows some elements of a Box and hides the others.
///
/// The actor has to remember or infer hidden elements. The space becomes a Box of the kept
/// elements, [kept], in the order of `indices`, with the original bounds and element type.
package final class ObservationMaskBatch: ObservedPartBatch {
  private let indices: FlatVector<Int>
  private let elementType: ElementType

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
    elementType = try part.space.box.elementType
    self.indices = FlatVector(indices)
    super.init(inner, part, shown: space)
  }

  override func observePart(
    _ range: Range<Int>, _ moment: Moment, from source: ObservationRow, into target: ObservationRow
  ) {
    // Elements are copied as bits.
    switch elementType {
    case .uint8, .bool: copy(UInt8.self, range, source, target)
    case .int32, .float32: copy(Int32.self, range, source, target)
    case .int64, .float64: copy(Int64.self, range, source, target)
    }
  }

  @inline(__always)
  private func copy<Element: RecordableScalar>(
    _ type: Element.Type, _ range: Range<Int>, _ source: ObservationRow, _ target: ObservationRow
  ) {
    let (width, indices) = (source.elementCount, indices)
    let source = source.elements(of: range, as: Element.self)
    let target = target.elements(of: range, as: Element.self)
    for index in 0..<range.count {
      for place in 0..<indices.count {
        target[index &* indices.count &+ place] = source[index &* width &+ indices[place]]
      }
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
