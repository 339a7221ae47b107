import Rollout

/// A replay buffer that keeps the newest batches and samples environments from them.
///
/// The unit of sampling is one environment of a batch over all its rows; a sample is therefore a
/// fragment itself. All memory is allocated at creation.
package final class ReplayBuffer {
  /// The largest number of environment steps kept.
  package var capacity: Int { storages.count * stepsPerBatch }
  /// The number of environment steps kept at present.
  package var stepCount: Int { batchCount * stepsPerBatch }

  private var storages: [FragmentStorage]
  /// The batch that the newest one took the place of, or memory that was never written.
  private var replaced: FragmentStorage
  private let stepsPerBatch: Int
  private let environmentCount: Int
  private var batchCount = 0
  private var next = 0
  /// The value of `batchCount` before the newest batch was added.
  private var earlierBatchCount = 0

  /// Creates a buffer for a number of environment steps, at least one batch.
  ///
  /// - Parameters:
  ///   - steps: the environment steps to keep, rounded up to whole batches.
  ///   - layout: the layout of the batches, [T, n·B].
  package init(steps: Int, of layout: FragmentLayout) {
    stepsPerBatch = layout.stepCount * layout.environmentCount
    environmentCount = layout.environmentCount
    storages = (0..<Self.batchCount(steps, of: layout)).map { _ in FragmentStorage(layout) }
    replaced = FragmentStorage(layout)
  }

  /// Returns the number of batches that hold a number of environment steps, at least 1.
  private static func batchCount(_ steps: Int, of layout: FragmentLayout) -> Int {
    let each = layout.stepCount * layout.environmentCount
    return max(1, (steps + each - 1) / each)
  }

  /// Returns the bytes that a buffer allocates at creation, or `Int.max` if the number overflows.
  static func byteCount(steps: Int, of layout: FragmentLayout) -> Int {
    let (bytes, isBeyond) = (batchCount(steps, of: layout) + 1)
      .multipliedReportingOverflow(by: layout.byteCount)
    return isBeyond ? .max : bytes
  }

  /// Adds a batch, in place of the oldest one if the buffer is full.
  ///
  /// - Precondition: the batch has the layout that the buffer was created for.
  package func add(_ batch: FragmentView) {
    precondition(
      batch.layout.byteCount == replaced.layout.byteCount, "a batch of another layout to replay")
    replaced.view.copy(batch)
    swap(&storages[next], &replaced)
    next = (next + 1) % storages.count
    earlierBatchCount = batchCount
    batchCount = min(batchCount + 1, storages.count)
  }

  /// Takes back the newest batch, which was just added.
  package func forgetNewest() {
    next = (next + storages.count - 1) % storages.count
    swap(&storages[next], &replaced)
    batchCount = earlierBatchCount
  }

  /// The largest buffer, in bytes, that is saved with a state; every save writes it completely.
  static let largestSavedByteCount = 256 << 20
  /// The largest sum of the buffers of all ranks, in bytes, that is saved: rank 0 gathers them.
  static let largestGatheredByteCount = 1 << 30

  /// The names that the batches are saved under.
  static let savedNames = ["replay.next", "replay.batch_count", "replay.batches"]

  /// Saves or restores the batches, unless the buffer exceeds `largestSavedByteCount`, or those of
  /// all ranks together `largestGatheredByteCount`.
  ///
  /// - Returns: false if the archive is being restored and the buffer cannot have been saved; the
  ///   buffer then begins empty. Otherwise true.
  func transfer(_ archive: inout StateArchive) throws(CheckpointError) -> Bool {
    let byteCount = storages[0].layout.byteCount
    let limit = min(
      Self.largestSavedByteCount, Self.largestGatheredByteCount / archive.rankCount)
    guard byteCount * storages.count <= limit, !archive.beginsReplay else {
      archive.lose("the replay buffer starts empty")
      return !archive.isRestoring
    }
    try archive.transfer("replay.next", &next)
    try archive.transfer("replay.batch_count", &batchCount)
    guard storages.indices.contains(next), 0...storages.count ~= batchCount else {
      throw CheckpointError(
        .mismatched,
        "its replay buffer has \(batchCount) batches, and there is room for \(storages.count)")
    }
    try archive.transfer("replay.batches", storages.prefix(batchCount).map(\.view))
    guard archive.isRestoring else { return true }
    let columns = EnvironmentColumns(storages[0].layout)
    for (index, storage) in storages.prefix(batchCount).enumerated() {
      let field = storage.view.firstImpossibleField()
      try archive.require(
        "replay.batches", field == nil, "has an impossible '\(field ?? "")' in batch \(index)")
      try archive.require(
        "replay.batches", columns.areFinite(in: storage.view),
        "has a number that is not finite in batch \(index)")
    }
    return true
  }

  /// Fills a fragment with environments sampled uniformly, with replacement.
  ///
  /// - Precondition: the buffer holds at least one batch.
  package func sample(into sample: FragmentView, using random: inout PCG64) {
    precondition(batchCount > 0, "the replay buffer is empty")
    for place in 0..<sample.layout.environmentCount {
      let drawn = random.integer(below: batchCount * environmentCount)
      sample.copy(
        drawn % environmentCount, of: storages[drawn / environmentCount].view, to: place)
    }
  }
}
