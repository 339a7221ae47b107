import Rollout

@testable import Learner

/// Everything that a batch says, copied: two batches are the same collection if their digests are equal.
struct BatchDigest: Equatable {
  /// State, reactions and how steps ended, byte for byte, a column after the other.
  var columns: [[UInt8]]
  /// Observations that a reset overwrote and what was said to them, where there was one: elsewhere nobody writes.
  var finals: [UInt8]
  /// Worker, incarnation, number and version of each fragment; not how long it took.
  var origins: [[UInt64]]

  init(_ batch: FragmentBatch) {
    let (view, layout) = (batch.view, batch.layout)
    func bytes(_ column: Column) -> [UInt8] {
      Array(
        UnsafeRawBufferPointer(start: view.base + column.offset, count: column.byteCount))
    }
    columns = (layout.stateColumns + layout.actor.leaves + [layout.terminated, layout.truncated])
      .map(bytes)
    finals = []
    for t in 0..<layout.stepCount {
      for b in 0..<layout.environmentCount where view.terminated[t, b] || view.truncated[t, b] {
        let said = view.truncated[t, b] ? layout.finalReaction.leaves : []
        for column in layout.finalObs.leaves + said {
          finals += UnsafeRawBufferPointer(
            start: view.base + column.offset(row: t, environment: b),
            count: column.environmentStride)
        }
      }
    }
    origins = batch.headers.map {
      [UInt64($0.worker), UInt64($0.incarnation), $0.index, $0.policyVersion]
    }
  }
}
