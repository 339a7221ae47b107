/// A wrapper that begins each episode with a random number of no-ops.
///
/// A no-op is action 0, or zeros for spaces that are not discrete. Rewards of no-ops are discarded.
/// If the task ends the episode meanwhile, the remaining no-ops are played in the next one.
package final class RandomNoOpsBatch: WrappedBatch {
  private let largest: Int
  private let streams: FlatVector<PCG64>
  private let remaining: FlatVector<Int>
  private let stands: FlatVector<Bool>

  /// Wraps a batch.
  ///
  /// - Parameters:
  ///   - inner: the batch to wrap.
  ///   - largest: the largest number of no-ops; all numbers from 0 to it are equally likely.
  ///   - streams: the random streams of the numbers, one per environment.
  /// - Precondition: there are as many streams as environments, and `largest` is not negative.
  package init(_ inner: any EnvironmentBatch, upTo largest: Int, streams: [PCG64]) {
    precondition(largest >= 0, "\(largest) no-ops: use at least 0")
    precondition(
      streams.count == inner.count, "\(streams.count) streams for \(inner.count) environments")
    self.largest = largest
    self.streams = FlatVector(streams)
    remaining = FlatVector(repeating: 0, count: inner.count)
    stands = FlatVector(repeating: false, count: inner.count)
    super.init(inner)
  }

  override func transferOwn(_ snapshot: inout SnapshotCursor) {
    snapshot.transfer(streams: streams)
  }

  override func settle(_ position: PositionMarker) throws {
    var left = 0
    for index in 0..<count {
      remaining[index] =
        begins[index] ? streams[index].integer(below: largest + 1) : 0
      left = max(left, remaining[index])
    }
    for _ in 0..<left {
      for index in 0..<count {
        stands[index] = remaining[index] == 0
        if remaining[index] == 0 { continue }
        remaining[index] -= 1
        rows.after.zeroAction(index, leafCount: rows.actLeafCount)
      }
      try stepInner(waiting: RowValues(stands), position)
    }
  }
}
