/// The offsets and sizes of all sections in a run's memory, and their only computation.
///
/// The learner creates the layout from the sizes of the run, a worker from the header. All offsets
/// are in bytes from the beginning of the mapping. The table of sections is in
/// docs/shared-memory.md.
package struct RunLayout: Sendable, Equatable {
  // MARK: Sizes of the run

  /// The number of workers, each of which has a worker line.
  package let workerCount: Int

  /// The number of fragments.
  package let bufferCount: Int

  /// The size of one fragment in bytes.
  package let fragmentByteCount: Int

  /// The number of weight versions kept.
  package let slotCount: Int

  /// The number of floats in a version of the weights: the leading ones, that workers act with.
  package let weightCount: Int

  /// The size of the learner's description of the run in bytes.
  package let descriptionByteCount: Int

  /// The size of a worker's snapshot in bytes; 0 if no snapshots are taken.
  package let snapshotByteCount: Int

  // MARK: Offsets and strides

  /// The learner's flag that the run is over.
  package let stoppingOffset: Int

  /// The learner's parked word, set while it waits for a fragment.
  package let learnerParkedOffset: Int

  /// The counter from which workers take tickets.
  package let nextTicketOffset: Int

  /// The newest published version on the weight board.
  package let publishedVersionOffset: Int

  /// The first slot version; each occupies one line.
  package let slotVersionsOffset: Int

  /// The first ownership word; each occupies one line.
  package let ownershipOffset: Int

  /// The first worker line.
  package let workerLinesOffset: Int

  /// The description of the run.
  package let descriptionOffset: Int

  /// The first slot of the weight board.
  package let slotsOffset: Int

  /// The first of the snapshots from which workers start; one per worker.
  package let snapshotsOffset: Int

  /// The first fragment.
  package let fragmentsOffset: Int

  /// The offset of a fragment's snapshot from the fragment's beginning.
  package let snapshotOffset: Int

  /// The total size in bytes, a multiple of the page size.
  package let byteCount: Int

  /// The distance between slots of the weight board.
  package let slotStride: Int

  /// The distance between the snapshots from which workers start.
  package let snapshotStride: Int

  /// The distance between fragments.
  package let fragmentStride: Int

  // MARK: Constants

  /// The size of a cache line; words written by two processes never share one.
  package static let lineByteCount = 64

  /// The size of a page; fragments begin at page boundaries.
  package static let pageByteCount = 4096

  /// The number of records in a worker's episode ring; a power of two.
  package static let episodeCapacity = 256

  /// The distance between worker lines: parked, progress, orders, ring.
  package static let workerLineStride = 3 * lineByteCount + episodeCapacity * 8

  /// Lays out the memory of a run.
  ///
  /// - Parameters:
  ///   - workerCount: at least 1.
  ///   - bufferCount: at least 1; typically one per worker and some more to learn from.
  ///   - fragmentByteCount: at least 1.
  ///   - slotCount: at least 2, because one version is read while the next is written.
  ///   - weightCount: at least 0.
  ///   - descriptionByteCount: at least 0.
  ///   - snapshotByteCount: at least 0.
  /// - Precondition: the counts are in these ranges and the total size fits an `Int`.
  package init(
    workerCount: Int, bufferCount: Int, fragmentByteCount: Int, slotCount: Int = 2,
    weightCount: Int, descriptionByteCount: Int, snapshotByteCount: Int = 0
  ) {
    let layout = RunLayout(
      checking: workerCount, bufferCount, fragmentByteCount, slotCount, weightCount,
      descriptionByteCount, snapshotByteCount)
    guard let layout else {
      preconditionFailure(
        """
        no memory can hold \(workerCount) workers, \(bufferCount) fragments of \
        \(fragmentByteCount) bytes with snapshots of \(snapshotByteCount), \(slotCount) slots of \
        \(weightCount) weights and a description of \(descriptionByteCount) bytes
        """)
    }
    self = layout
  }

  /// Lays out memory from the unchecked sizes of a header; nil if they are out of range.
  package init?(
    checking workerCount: Int, _ bufferCount: Int, _ fragmentByteCount: Int, _ slotCount: Int,
    _ weightCount: Int, _ descriptionByteCount: Int, _ snapshotByteCount: Int
  ) {
    guard workerCount >= 1, bufferCount >= 1, fragmentByteCount >= 1, slotCount >= 2,
      weightCount >= 0, descriptionByteCount >= 0, snapshotByteCount >= 0
    else { return nil }
    self.workerCount = workerCount
    self.bufferCount = bufferCount
    self.fragmentByteCount = fragmentByteCount
    self.slotCount = slotCount
    self.weightCount = weightCount
    self.descriptionByteCount = descriptionByteCount
    self.snapshotByteCount = snapshotByteCount

    let line = Self.lineByteCount
    var end = Extent(end: RunHeader.byteCount)
    stoppingOffset = end.place(1, stride: line)
    learnerParkedOffset = end.place(1, stride: line)
    nextTicketOffset = end.place(1, stride: line)
    publishedVersionOffset = end.place(1, stride: line)
    slotVersionsOffset = end.place(slotCount, stride: line)
    ownershipOffset = end.place(bufferCount, stride: line)
    workerLinesOffset = end.place(workerCount, stride: Self.workerLineStride)
    descriptionOffset = end.place(1, stride: descriptionByteCount)
    end.align(to: line)
    slotStride = end.rounded(end.product(weightCount, MemoryLayout<Float>.stride), to: line)
    slotsOffset = end.place(slotCount, stride: slotStride)
    snapshotStride = end.rounded(snapshotByteCount, to: line)
    snapshotsOffset = end.place(workerCount, stride: snapshotStride)
    end.align(to: Self.pageByteCount)
    snapshotOffset = end.rounded(fragmentByteCount, to: line)
    fragmentStride = end.rounded(
      end.sum(snapshotOffset, snapshotByteCount), to: Self.pageByteCount)
    fragmentsOffset = end.place(bufferCount, stride: fragmentStride)
    byteCount = end.end
    if end.overflowed { return nil }
  }

  /// Returns the offset of a worker's line.
  package func workerLineOffset(_ worker: Int) -> Int {
    precondition(worker >= 0 && worker < workerCount, "worker \(worker) of \(workerCount)")
    return workerLinesOffset + worker * Self.workerLineStride
  }
}

/// The end of the sections placed so far, and a flag for integer overflow.
private struct Extent {
  var end: Int
  var overflowed = false

  /// Places `count` items one stride apart and returns the offset of the first.
  mutating func place(_ count: Int, stride: Int) -> Int {
    let start = end
    end = sum(end, product(count, stride))
    return start
  }

  mutating func align(to alignment: Int) { end = rounded(end, to: alignment) }

  mutating func rounded(_ value: Int, to alignment: Int) -> Int {
    sum(value, alignment - 1) & ~(alignment - 1)
  }

  mutating func product(_ a: Int, _ b: Int) -> Int {
    let (result, overflow) = a.multipliedReportingOverflow(by: b)
    overflowed = overflowed || overflow
    return overflow ? 0 : result
  }

  mutating func sum(_ a: Int, _ b: Int) -> Int {
    let (result, overflow) = a.addingReportingOverflow(b)
    overflowed = overflowed || overflow
    return overflow ? 0 : result
  }
}
