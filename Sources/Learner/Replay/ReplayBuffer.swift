import Rollout

/// The latest batches, kept to be learnt from again.
///
/// What is drawn are environments of a batch over all its rows, so that a sample is a fragment itself. All memory is there
/// from the beginning.
public final class ReplayBuffer {
  /// Environment steps that are kept at most.
  public var capacity: Int { storages.count * stepsPerBatch }
  /// Environment steps that are kept now.
  public var stepCount: Int { batchCount * stepsPerBatch }

  private let storages: [FragmentStorage]
  private let stepsPerBatch: Int
  private let environmentCount: Int
  private var batchCount = 0
  private var next = 0

  /// Makes room for as many batches as hold that many environment steps, at least one.
  ///
  /// - Parameters:
  ///   - steps: environment steps to keep; rounded up to whole batches.
  ///   - layout: the batches, [T, n·B].
  public init(steps: Int, of layout: FragmentLayout) {
    stepsPerBatch = layout.stepCount * layout.environmentCount
    environmentCount = layout.environmentCount
    storages = (0..<Self.batchCount(steps, of: layout)).map { _ in FragmentStorage(layout) }
  }

  /// Batches that hold that many environment steps, at least one.
  private static func batchCount(_ steps: Int, of layout: FragmentLayout) -> Int {
    let each = layout.stepCount * layout.environmentCount
    return max(1, (steps + each - 1) / each)
  }

  /// Bytes that a buffer would take, all of them from the beginning; the largest number when there are more.
  static func byteCount(steps: Int, of layout: FragmentLayout) -> Int {
    let (bytes, isBeyond) = batchCount(steps, of: layout)
      .multipliedReportingOverflow(by: layout.byteCount)
    return isBeyond ? .max : bytes
  }

  /// Keeps a batch, in the place of the oldest when there is no other.
  ///
  /// - Precondition: it has the layout that the buffer was made for.
  public func add(_ batch: FragmentView) {
    let target = storages[next].view
    precondition(
      batch.layout.byteCount == target.layout.byteCount, "a batch of another layout to replay")
    target.base.copyMemory(from: batch.base, byteCount: target.layout.byteCount)
    next = (next + 1) % storages.count
    batchCount = min(batchCount + 1, storages.count)
  }

  /// Bytes beyond which a state is saved without what is kept: each save would write them.
  static let largestSavedByteCount = 256 << 20

  /// Saves or restores what is kept, unless that is too large.
  ///
  /// - Returns: whether it is kept; if not, the buffer is empty after restoring.
  func transfer(_ archive: inout StateArchive) throws(CheckpointError) -> Bool {
    let byteCount = storages[0].layout.byteCount
    guard byteCount * storages.count <= Self.largestSavedByteCount else {
      archive.lose("the replay buffer begins empty")
      return !archive.isRestoring
    }
    try archive.transfer("replay.next", &next)
    try archive.transfer("replay.batch_count", &batchCount)
    guard storages.indices.contains(next), 0...storages.count ~= batchCount else {
      throw CheckpointError(
        .mismatched,
        "it has \(batchCount) batches to replay, and there is room for \(storages.count)")
    }
    try archive.transfer(
      "replay.batches",
      rows: storages.prefix(batchCount).map {
        UnsafeMutableRawBufferPointer(start: $0.view.base, count: byteCount)
      })
    return true
  }

  /// Fills a fragment with environments drawn from what is kept, each equally likely and with replacement.
  ///
  /// - Precondition: something is kept.
  public func sample(into sample: FragmentView, using random: inout PCG64) {
    precondition(batchCount > 0, "nothing to replay yet")
    for place in 0..<sample.layout.environmentCount {
      let drawn = random.integer(below: batchCount * environmentCount)
      sample.copy(
        drawn % environmentCount, of: storages[drawn / environmentCount].view, to: place)
    }
  }
}
