import Learner
import Rollout

/// A copy of a batch's contents; equal digests mean that equal data was collected.
struct BatchDigest: Equatable {
  /// The bytes of each column: state, reactions, `terminated` and `truncated`.
  var columns: [[UInt8]]
  /// The bytes of `finalObs` of ended episodes, and of `finalReaction` of truncated ones.
  ///
  /// All other entries of these columns are never written.
  var finals: [UInt8]
  /// The worker, incarnation, index and policy version of each fragment, without the duration.
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
