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
      let last = rows.finalObservations
      storeMaximum(index..<index + 1, rows.before.observations, last, in: last)
    }
  }

  override func observe(
    _ range: Range<Int>, _ moment: Moment, from source: ObservationRow, into target: ObservationRow
  ) {
    if moment == .next, showsMaximum {
      storeMaximum(range, rows.before.observations, source, in: target)
    } else {
      super.observe(range, moment, from: source, into: target)
    }
  }

  private func storeMaximum(
    _ range: Range<Int>, _ one: ObservationRow, _ other: ObservationRow, in target: ObservationRow
  ) {
    switch elementType {
    case .uint8, .bool: maximum(UInt8.self, range, one, other, target)
    case .int32: maximum(Int32.self, range, one, other, target)
    case .int64: maximum(Int64.self, range, one, other, target)
    case .float32: maximum(Float.self, range, one, other, target)
    case .float64: maximum(Double.self, range, one, other, target)
    }
  }

  @inline(__always)
  private func maximum<Element: RecordableScalar & Comparable>(
    _ type: Element.Type, _ range: Range<Int>, _ one: ObservationRow, _ other: ObservationRow,
    _ target: ObservationRow
  ) {
    let one = one.elements(of: range, as: Element.self)
    let other = other.elements(of: range, as: Element.self)
    let target = target.elements(of: range, as: Element.self)
    for index in 0..<target.count {
      target[index] = one[index] > other[index] ? one[index] : other[index]
    }
  }
}
