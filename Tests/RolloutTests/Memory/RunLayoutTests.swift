import Rollout
import Testing

struct RunLayoutTests {
  /// A layout with odd sizes, so that every section needs padding.
  static let odd = RunLayout(
    workerCount: 3, bufferCount: 7, fragmentByteCount: 5001, slotCount: 3, weightCount: 17,
    descriptionByteCount: 13, snapshotByteCount: 101)

  /// Returns the first byte and the size of every section, in the order of docs/shared-memory.md.
  private func sections(_ layout: RunLayout) -> [(start: Int, byteCount: Int)] {
    [
      (0, RunHeader.byteCount),
      (layout.stoppingOffset, 8),
      (layout.learnerParkedOffset, 8),
      (layout.nextTicketOffset, 8),
      (layout.publishedVersionOffset, 8),
      (layout.slotVersionsOffset, layout.slotCount * 64),
      (layout.ownershipOffset, layout.bufferCount * 64),
      (layout.workerLinesOffset, layout.workerCount * RunLayout.workerLineStride),
      (layout.descriptionOffset, layout.descriptionByteCount),
      (layout.slotsOffset, layout.slotCount * layout.slotStride),
      (layout.snapshotsOffset, layout.workerCount * layout.snapshotStride),
      (layout.fragmentsOffset, layout.bufferCount * layout.fragmentStride),
      (layout.byteCount, 0),
    ]
  }

  @Test(arguments: [
    odd,
    RunLayout(
      workerCount: 1, bufferCount: 1, fragmentByteCount: 1, weightCount: 0,
      descriptionByteCount: 0),
    RunLayout(
      workerCount: 16, bufferCount: 64, fragmentByteCount: 1 << 20, slotCount: 4,
      weightCount: 1 << 16, descriptionByteCount: 4096),
  ])
  func `sections follow each other, each on lines of its own`(layout: RunLayout) {
    let sections = sections(layout)
    for (section, next) in zip(sections, sections.dropFirst()) {
      #expect(next.start >= section.start + section.byteCount)
      #expect(next.start % 64 == 0)
    }
    #expect(layout.fragmentsOffset % 4096 == 0)
    #expect(layout.byteCount % 4096 == 0)
    #expect(layout.fragmentStride % 4096 == 0)
    #expect(layout.snapshotOffset % 64 == 0 && layout.snapshotStride % 64 == 0)
    #expect(layout.snapshotOffset >= layout.fragmentByteCount)
    #expect(layout.fragmentStride >= layout.snapshotOffset + layout.snapshotByteCount)
    #expect(layout.snapshotStride >= layout.snapshotByteCount)
    #expect(layout.slotStride % 64 == 0)
    #expect(layout.slotStride >= layout.weightCount * 4)
    #expect(RunLayout.workerLineStride % 64 == 0)
  }

  @Test func `the offsets are those that version 2 promises`() {
    let layout = Self.odd
    #expect(layout.stoppingOffset == 128)
    #expect(layout.publishedVersionOffset == 320)
    #expect(layout.slotVersionsOffset == 384)
    #expect(layout.ownershipOffset == 384 + 3 * 64)
    #expect(layout.workerLinesOffset == 576 + 7 * 64)
    #expect(layout.descriptionOffset == 1024 + 3 * 2240)
    #expect(layout.slotsOffset == 7744 + 64)
    #expect(layout.snapshotsOffset == 7808 + 3 * 128)
    #expect(layout.fragmentsOffset == 12_288)
    #expect(layout.snapshotOffset == 5056)
    #expect(layout.byteCount == 12_288 + 7 * 8192)
  }

  @Test(arguments: [
    [0, 1, 1, 2, 0, 0, 0], [1, 0, 1, 2, 0, 0, 0], [1, 1, 0, 2, 0, 0, 0], [1, 1, 1, 1, 0, 0, 0],
    [1, 1, 1, 2, -1, 0, 0], [1, 1, 1, 2, 0, -1, 0], [1, 1, 1, 2, 0, 0, -1],
    // Products and sums that exceed an Int.
    [.max, 1, 1, 2, 0, 0, 0], [1, .max, 4096, 2, 0, 0, 0], [1, 1, .max, 2, 0, 0, 0],
    [1, 1, 1, 2, .max, 0, 0], [1, 1, 1, 2, 0, .max, 0], [1, 1, 1, 2, 0, 0, .max],
  ])
  func `sizes that no memory can have are no layout`(sizes: [Int]) {
    let layout = RunLayout(
      checking: sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5], sizes[6])
    #expect(layout == nil)
  }
}
