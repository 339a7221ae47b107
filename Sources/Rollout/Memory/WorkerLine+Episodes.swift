import Synchronization

// The ring of finished episodes. The worker is its only writer: a record (release), then the count
// of records (release). The learner reads a record (acquire), then the count (acquire): had the
// record been replaced, the count would be a full ring ahead of it by then.

extension WorkerLine {
  private static let countOffset = 96
  private static let ringOffset = 3 * RunLayout.lineByteCount
  private static let capacity = UInt64(RunLayout.episodeCapacity)

  private var count: UnsafeMutablePointer<AtomicWord> { base.word(at: Self.countOffset) }

  private func entry(_ index: UInt64) -> UnsafeMutablePointer<AtomicWord> {
    base.word(at: Self.ringOffset + Int(index % Self.capacity) * 8)
  }

  /// Adds a record, over the oldest one if the ring is full.
  ///
  /// Worker only.
  func store(_ record: EpisodeRecord) {
    let index = count.pointee.load(ordering: .relaxed)
    entry(index).pointee.store(record.word, ordering: .releasing)
    count.pointee.store(index &+ 1, ordering: .releasing)
  }

  /// Makes the next record the one behind so many, whatever there is beyond them.
  ///
  /// Learner only, while no process of this worker runs.
  func forgetRecords(beyond index: UInt64) { count.pointee.store(index, ordering: .relaxed) }

  /// Gives every episode that finished since the last call to the body, oldest first.
  ///
  /// Learner only.
  ///
  /// - Parameter cursor: where the last call ended; 0 at first. The learner keeps one per worker,
  ///   through all incarnations.
  /// - Returns: how many were overwritten before they could be read.
  @discardableResult
  package func drain(from cursor: inout UInt64, _ body: (EpisodeRecord) -> Void) -> UInt64 {
    let end = count.pointee.load(ordering: .acquiring)
    var skipped: UInt64 = 0
    if end > cursor, end - cursor >= Self.capacity {
      // The writer may be at work on the oldest entry at this moment, so that one is lost as well.
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
