/// A wrapper that shows the last few observations along a new first axis, the oldest first.
///
/// At the beginning of an episode all of them are copies of the first observation, as in
/// Gymnasium's `FrameStackObservation`.
package final class FrameStackBatch: ObservedPartBatch {
  private let depth: Int
  private let frameByteCount: Int
  /// [B, depth] frames; each environment has a ring buffer.
  private let frames: FlatVector<UInt8>
  /// The place of the oldest frame in each environment's ring buffer.
  private let oldest: FlatVector<Int>

  /// Wraps a batch.
  ///
  /// - Parameters:
  ///   - inner: the batch to wrap.
  ///   - depth: the number of observations in a stack.
  ///   - path: the part of a Dict or Tuple to stack; `nil` for the whole observation.
  /// - Throws: `SpaceMismatch` if the observation is not a Box.
  /// - Precondition: `depth` is positive.
  package init(
    _ inner: any EnvironmentBatch, depth: Int, at path: String? = nil
  ) throws(SpaceMismatch) {
    precondition(depth > 0, "a stack of \(depth) frames: use at least 1")
    let part = try ObservedPart(of: inner.spaces.observation, at: path)
    let box = try part.space.box
    self.depth = depth
    frameByteCount = LeafSpecification(box.elementType, box.shape).byteCount
    frames = FlatVector(repeating: 0, count: inner.count * depth * frameByteCount)
    oldest = FlatVector(repeating: 0, count: inner.count)
    super.init(
      inner, part,
      shown: .box(
        shape: [depth] + box.shape, low: box.low, high: box.high, elementType: box.elementType))
  }

  override func transferOwn(_ snapshot: inout SnapshotCursor) {
    snapshot.transfer(frames)
    snapshot.transfer(oldest)
    snapshot.require(
      oldest.buffer.allSatisfy { (0..<depth).contains($0) }, "the place of a stacked frame")
  }

  override func observePart(
    _ index: Int, _ moment: Moment, from source: LeafRow, into target: LeafRow
  ) {
    let ring = UnsafeMutableRawPointer(frames.base) + index * depth * frameByteCount
    guard let frame = source.unsafeBytes.baseAddress, let into = target.unsafeBytes.baseAddress
    else { return }
    if moment == .first {
      for place in 0..<depth {
        (ring + place * frameByteCount).copyMemory(from: frame, byteCount: frameByteCount)
      }
      oldest.base[index] = 0
    } else {
      let place = oldest.base[index]
      (ring + place * frameByteCount).copyMemory(from: frame, byteCount: frameByteCount)
      oldest.base[index] = place &+ 1 == depth ? 0 : place &+ 1
    }
    let start = oldest.base[index] * frameByteCount
    let (ringByteCount, older) = (depth * frameByteCount, depth * frameByteCount - start)
    into.copyMemory(from: ring + start, byteCount: older)
    (into + older).copyMemory(from: ring, byteCount: ringByteCount - older)
  }
}
