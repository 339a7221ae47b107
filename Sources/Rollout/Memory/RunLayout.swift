/// Where everything lies in the memory of one run: the only arithmetic about it.
///
/// Made by the learner from the sizes of the run, and by a worker from the header. All offsets are
/// in bytes from the beginning of the mapping; docs/shared-memory.md has the table.
public struct RunLayout: Sendable, Equatable {
  // MARK: What was asked for

  /// How many workers there are, each with a line of its own.
  public let workerCount: Int

  /// How many fragments there are.
  public let bufferCount: Int

  /// The size of one fragment in bytes.
  public let fragmentByteCount: Int

  /// How many versions of the weights are kept.
  public let slotCount: Int

  /// How many floats a version of the weights has.
  public let weightCount: Int

  /// The size of the learner's description of the run in bytes.
  public let descriptionByteCount: Int

  /// The size of a worker's snapshot in bytes; 0 when none are taken.
  public let snapshotByteCount: Int

  // MARK: Where it lies

  /// The learner's flag that it is over.
  package let stoppingOffset: Int

  /// The learner's flag that it waits for a fragment.
  package let learnerParkedOffset: Int

  /// The counter from which workers take tickets.
  package let nextTicketOffset: Int

  /// The newest version on the weight board.
  package let publishedVersionOffset: Int

  /// The first slot version; one line each.
  package let slotVersionsOffset: Int

  /// The first ownership word; one line each.
  package let ownershipOffset: Int

  /// The first worker line.
  package let workerLinesOffset: Int

  /// The description.
  package let descriptionOffset: Int

  /// The first slot of the weight board.
  package let slotsOffset: Int

  /// The first of the snapshots that workers begin from; one each.
  package let snapshotsOffset: Int

  /// The first fragment.
  package let fragmentsOffset: Int

  /// Where the snapshot lies behind a fragment, from the fragment's beginning.
  package let snapshotOffset: Int

  /// The size of the whole in bytes, in full pages.
  public let byteCount: Int

  /// From one slot of the weight board to the next.
  package let slotStride: Int

  /// From one of the snapshots that workers begin from to the next.
  package let snapshotStride: Int

  /// From one fragment to the next.
  package let fragmentStride: Int

  // MARK: Constants

  /// The size of a cache line: what two processes write never shares one.
  package static let lineByteCount = 64

  /// The size of a page, at which fragments begin.
  package static let pageByteCount = 4096

  /// How many finished episodes a worker's ring holds; a power of two.
  package static let episodeCapacity = 256

  /// From one worker line to the next: parked, progress, orders, ring.
  package static let workerLineStride = 3 * lineByteCount + episodeCapacity * 8

  /// Lays out the memory of a run.
  ///
  /// - Parameters:
  ///   - workerCount: at least 1.
  ///   - bufferCount: at least 1; one for each worker and some to learn from.
  ///   - fragmentByteCount: at least 1.
  ///   - slotCount: at least 2, so that one version can be read while the next is written.
  ///   - weightCount: 0 or more.
  ///   - descriptionByteCount: 0 or more.
  ///   - snapshotByteCount: 0 or more.
  /// - Precondition: the counts are in these ranges and the sum fits an `Int`.
  public init(
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

  /// The same for sizes that come from a header and may be anything.
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

  /// Where a worker's line begins.
  package func workerLineOffset(_ worker: Int) -> Int {
    precondition(worker >= 0 && worker < workerCount, "worker \(worker) of \(workerCount)")
    return workerLinesOffset + worker * Self.workerLineStride
  }
}

/// The end of what has been placed so far, and whether any sum was too large for an `Int`.
private struct Extent {
  var end: Int
  var overflowed = false

  /// Places `count` things one stride apart and returns where the first one begins.
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
