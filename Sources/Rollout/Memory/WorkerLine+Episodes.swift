import Synchronization

// The ring of finished episodes. The worker is its only writer: it stores a record (release), then
// the count of records (release). The learner loads a record (acquire), then the count (acquire).
// If the record had been replaced, the count would be a full ring ahead of it by then.

extension WorkerLine {
  private static let countOffset = 96
  private static let ringOffset = 3 * RunLayout.lineByteCount
  private static let capacity = UInt64(RunLayout.episodeCapacity)

  private var count: UnsafeMutablePointer<AtomicWord> { base.word(at: Self.countOffset) }

  private func entry(_ index: UInt64) -> UnsafeMutablePointer<AtomicWord> {
    base.word(at: Self.ringOffset + Int(index % Self.capacity) * 8)
  }

  /// Adds a record, overwriting the oldest one if the ring is full.
  ///
  /// Worker only.
  func store(_ record: EpisodeRecord) {
    let index = count.pointee.load(ordering: .relaxed)
    entry(index).pointee.store(record.word, ordering: .releasing)
    count.pointee.store(index &+ 1, ordering: .releasing)
  }

  /// Sets the number of records, so that the next record is stored at this index.
  ///
  /// Learner only, while no process of this worker runs.
  func forgetRecords(beyond index: UInt64) { count.pointee.store(index, ordering: .relaxed) }

  /// Calls the body with every episode that finished since the last call, oldest first.
  ///
  /// Learner only.
  ///
  /// - Parameter cursor: the end of the last call, 0 at first; the learner keeps one per worker
  ///   through all incarnations.
  /// - Returns: the number of records that were overwritten before they could be read.
  @discardableResult
  package func drain(from cursor: inout UInt64, _ body: (EpisodeRecord) -> Void) -> UInt64 {
    let end = count.pointee.load(ordering: .acquiring)
    var skipped: UInt64 = 0
    if end > cursor, end - cursor >= Self.capacity {
      // The writer may be overwriting the oldest entry at this moment, so that one is lost too.
      skipped = end - cursor - (Self.capacity - 1)
      cursor += skipped
    }
    while cursor < end {
      let word = entry(cursor).pointee.load(ordering: .acquiring)
      if count.pointee.load(ordering: .acquiring) - cursor < Self.capacity {
        body(EpisodeRecord(word: word))
      } else {
        skipped += 1
      }
      cursor += 1
    }
    return skipped
  }
}
