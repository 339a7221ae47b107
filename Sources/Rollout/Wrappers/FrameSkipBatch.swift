/// Plays each action several times, adds up the rewards and shows, element by element, the larger of
/// the last two observations: against what flickers in every other frame.
public final class FrameSkipBatch: ActionRepeatBatch {
  private let elementType: ElementType
  private let showsMaximum: Bool

  /// Wraps a batch.
  ///
  /// - Throws: `SpaceMismatch` when the observation is no Box.
  /// - Precondition: `times` is positive.
  public init(_ inner: any EnvironmentBatch, skipping times: Int) throws(SpaceMismatch) {
    elementType = try inner.spaces.observation.box.elementType
    showsMaximum = times > 1
    super.init(inner, times: times)
  }

  override func finishRound(stood: UnsafeMutablePointer<Bool>) {
    // What ended in this round waits in those to come, and then row 1 no longer holds the one before.
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
