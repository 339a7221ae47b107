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
      oldest.elements.allSatisfy { (0..<depth).contains($0) }, "the place of a stacked frame")
  }

  override func observePart(
    _ range: Range<Int>, _ moment: Moment, from source: ObservationRow, into target: ObservationRow
  ) {
    for index in range { stack(index, moment, source[index], target[index]) }
  }

  private func stack(_ index: Int, _ moment: Moment, _ source: LeafRow, _ target: LeafRow) {
    let ring = index * depth * frameByteCount
    if moment == .first {
      for place in 0..<depth { source.copy(to: frames, at: ring + place * frameByteCount) }
      oldest[index] = 0
    }
    // The newest frame replaces the oldest one. It is shown from its source: reading what was just
    // written would wait for it.
    let place = oldest[index]
    let (start, end) = (ring + place * frameByteCount, ring + depth * frameByteCount)
    let older = end - start - frameByteCount
    target.set(0, to: frames, start + frameByteCount..<end)
    target.set(older, to: frames, ring..<start)
    source.copy(0..<frameByteCount, to: target, at: (depth - 1) * frameByteCount)
    source.copy(to: frames, at: start)
    oldest[index] = place &+ 1 == depth ? 0 : place &+ 1
  }
}
