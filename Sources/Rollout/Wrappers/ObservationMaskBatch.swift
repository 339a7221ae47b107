/// Shows some elements of a Box of observations and leaves the others out.
///
/// What `ObservationMask` is for one environment that is written in Swift, for batches of any kind.
public final class ObservationMaskBatch: ObservedPartBatch {
  /// Bytes from the observation's start.
  private let offsets: [Int]
  private let width: Int

  /// Wraps a batch.
  ///
  /// - Parameters:
  ///   - indices: the elements to keep, in row-major order of the Box, in any order.
  ///   - path: the part of a Dict or Tuple to mask; `nil` for the whole.
  /// - Throws: `SpaceMismatch` when the observation is no Box, or an index is outside of it or named
  ///   twice.
  public init(
    _ inner: any EnvironmentBatch, keeping indices: [Int], at path: String? = nil
  ) throws(SpaceMismatch) {
    let part = try ObservedPart(of: inner.spaces.observation, at: path)
    let space = try part.space.keeping(indices, of: "the environments")
    let width = try part.space.box.elementType.byteCount
    offsets = indices.map { $0 * width }
    self.width = width
    super.init(inner, part, shown: space)
  }

  override func observePart(
    _ index: Int, _ moment: Moment, from source: LeafRow, into target: LeafRow
  ) {
    guard let from = source.unsafeBytes.baseAddress, var into = target.unsafeBytes.baseAddress
    else { return }
    for offset in offsets {
      into.copyMemory(from: from + offset, byteCount: width)
      into += width
    }
  }
}
