/// A wrapper that repeats each action and shows the elementwise maximum of two observations.
///
/// The maximum of the last two observations removes flicker: objects that are drawn only in every
/// other frame. Rewards are summed.
package final class FrameSkipBatch: ActionRepeatBatch {
  private let elementType: ElementType
  private let showsMaximum: Bool

  /// Wraps a batch.
  ///
  /// - Throws: `SpaceMismatch` if the observation is not a Box.
  /// - Precondition: `times` is positive.
  package init(_ inner: any EnvironmentBatch, skipping times: Int) throws(SpaceMismatch) {
    elementType = try inner.spaces.observation.box.elementType
    showsMaximum = times > 1
    super.init(inner, times: times)
  }

  override func finishRound(stood: RowValues<Bool>) {
    // An environment whose episode ended in this repetition waits in the following ones. Row 1 then
    // no longer holds the observation before the last.
    for index in 0..<count where !stood[index] && isReset[index] {
      let last = rows.finalObs(index)
      storeMaximum(rows.before.obs(index), last, in: last)
    }
  }

  override func observe(
    _ index: Int, _ moment: Moment, from source: LeafRow, into target: LeafRow
  ) {
    if moment == .next, showsMaximum {
      storeMaximum(rows.before.obs(index), source, in: target)
    } else {
      super.observe(index, moment, from: source, into: target)
    }
  }

  private func storeMaximum(_ one: LeafRow, _ other: LeafRow, in target: LeafRow) {
    switch elementType {
    case .uint8, .bool: maximum(UInt8.self, one, other, target)
    case .int32: maximum(Int32.self, one, other, target)
    case .int64: maximum(Int64.self, one, other, target)
    case .float32: maximum(Float.self, one, other, target)
    case .float64: maximum(Double.self, one, other, target)
    }
  }

  @inline(__always)
  private func maximum<Element: RecordableScalar & Comparable>(
    _ type: Element.Type, _ one: LeafRow, _ other: LeafRow, _ target: LeafRow
  ) {
    let count = one.elementCount
    let (one, other) = (one.elements(Element.self), other.elements(Element.self))
    let target = target.elements(Element.self)
    for index in 0..<count {
      target[index] = one[index] > other[index] ? one[index] : other[index]
    }
  }
}
