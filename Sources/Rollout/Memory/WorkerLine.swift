import Synchronization

// Four parts on separate cache lines, by writer:
//   parked    the worker sets and clears it, the learner clears it (a swap or store of one word)
//   progress  the worker's current process; the learner, while the worker has no process
//   orders    the learner, while the worker has no process
//   ring      the worker; see the extension below

/// The words that one worker and the learner share besides fragments and weights.
///
/// A view: valid while its `RunMemory` lives, which the holder of the view ensures.
package struct WorkerLine: @unchecked Sendable {
  let base: UnsafeMutableRawPointer

  /// Creates a line in memory of zeros, for a loop outside of any worker.
  ///
  /// - Precondition: the memory has the size of a line and outlives it.
  init(_ memory: FlatVector<UInt8>) {
    precondition(memory.count == RunLayout.workerLineStride, "\(memory.count) bytes for a line")
    base = UnsafeMutableRawPointer(memory.base)
  }

  init(_ layout: RunLayout, worker: Int, base: UnsafeMutableRawPointer) {
    self.base = base + layout.workerLineOffset(worker)
  }

  // MARK: Parking

  private var parked: UnsafeMutablePointer<AtomicWord> { base.word(at: 0) }

  /// Marks this worker as about to wait for a version of the weights.
  ///
  /// After this call, check once more for what is wanted, and block on the bell only if it is not
  /// there. Call ``unpark()`` in either case and check again, because a bell may ring for nothing.
  ///
  /// Worker only.
  ///
  /// - Parameter version: the awaited version; 0, which is always there, to wait for a free
  ///   fragment.
  package func park(awaiting version: UInt64) {
    precondition(version < .max, "no such version")
    parked.pointee.store(version + 1, ordering: .relaxed)
    fenceBetweenStoreAndLook()
  }

  /// Marks this worker as no longer waiting, with or without a ring.
  ///
  /// Worker only.
  package func unpark() {
    parked.pointee.store(0, ordering: .relaxed)
  }

  /// True if this worker waits for a fragment or for weights.
  package var isParked: Bool { parked.pointee.load(ordering: .relaxed) != 0 }

  /// Unparks the worker if the awaited version is there; returns true if its bell must be rung.
  ///
  /// Call this after the store that may be awaited: a version published, a fragment released or
  /// reclaimed, the run stopped. It returns true once per parking.
  ///
  /// Learner only.
  ///
  /// - Parameter version: the newest published version; the largest `UInt64` wakes a worker
  ///   regardless of what it awaits.
  package func wakeIfParked(publishedVersion version: UInt64) -> Bool {
    fenceBetweenStoreAndLook()
    let word = parked.pointee.load(ordering: .relaxed)
    guard word != 0, word - 1 <= version else { return false }
    return parked.pointee.compareExchange(expected: word, desired: 0, ordering: .relaxed).exchanged
  }

  // MARK: Progress

  /// Byte offsets on the progress line.
  private enum Progress {
    static let fragments = 64
    static let steps = 72
    static let episodes = 80
    static let position = 88
    static let ready = 104
    static let rows = 112
  }

  /// Adds to a word that has only the caller as writer, so no locked instruction is needed.
  @inline(__always)
  private func add(_ count: UInt64, at offset: Int) {
    let word = base.word(at: offset)
    word.pointee.store(word.pointee.load(ordering: .relaxed) &+ count, ordering: .relaxed)
  }

  /// Fragments published by all incarnations of this worker.
  package var fragments: UInt64 {
    base.word(at: Progress.fragments).pointee.load(ordering: .relaxed)
  }

  /// Environment steps of all incarnations of this worker.
  package var steps: UInt64 { base.word(at: Progress.steps).pointee.load(ordering: .relaxed) }

  /// Episodes finished by all incarnations of this worker.
  package var episodes: UInt64 { base.word(at: Progress.episodes).pointee.load(ordering: .relaxed) }

  /// Counts a fragment that is about to be published, and its environment steps.
  ///
  /// Worker only.
  package func countFragment(steps: Int) {
    add(1, at: Progress.fragments)
    add(UInt64(steps), at: Progress.steps)
  }

  /// The rows of fragments that all processes of this worker have begun.
  package var rows: UInt64 { base.word(at: Progress.rows).pointee.load(ordering: .relaxed) }

  /// Counts a row that is begun, which shows the learner that the worker makes progress.
  ///
  /// Worker only.
  @inline(__always)
  package func countRow() { add(1, at: Progress.rows) }

  /// Counts a finished episode and stores its record for the learner, without ever waiting.
  ///
  /// Worker only.
  package func push(_ record: EpisodeRecord) {
    store(record)
    add(1, at: Progress.episodes)
  }

  /// True once this process of the worker has started its environments.
  package var isReady: Bool {
    base.word(at: Progress.ready).pointee.load(ordering: .relaxed) != 0
  }

  /// Records that this process has started its environments.
  ///
  /// Worker only.
  package func markReady() {
    base.word(at: Progress.ready).pointee.store(1, ordering: .relaxed)
  }

  /// The worker's position: marked before environment steps, read by the learner after its death.
  package var position: PositionMarker { PositionMarker(base.word(at: Progress.position)) }

  // MARK: Orders

  private var incarnationWord: UnsafeMutablePointer<AtomicWord> { base.word(at: 128) }

  /// The incarnation of the worker's current or last process: the number of restarts, from 0.
  package var incarnation: UInt32 {
    UInt32(truncatingIfNeeded: incarnationWord.pointee.load(ordering: .relaxed))
  }

  private var firstFragmentWord: UnsafeMutablePointer<AtomicWord> { base.word(at: 136) }

  /// The number of the first fragment of the worker's current process.
  ///
  /// The learner sets it, because it knows which fragments it has. The worker's own count would be
  /// off by one if its process died between counting and publishing.
  package var firstFragment: Int {
    Int(firstFragmentWord.pointee.load(ordering: .relaxed))
  }

  private var streamsWord: UnsafeMutablePointer<AtomicWord> { base.word(at: 144) }

  /// The incarnation that determines the initial random streams of this process.
  ///
  /// It is an earlier one if the process is to repeat the work of its predecessor.
  package var streams: UInt32 {
    UInt32(truncatingIfNeeded: streamsWord.pointee.load(ordering: .relaxed))
  }

  private var restoresWord: UnsafeMutablePointer<AtomicWord> { base.word(at: 152) }

  /// True if this process starts from its snapshot in the run's memory, not with new episodes.
  package var restoresSnapshot: Bool { restoresWord.pointee.load(ordering: .relaxed) != 0 }

  /// Prepares the line for a new process of this worker: not parked, no position.
  ///
  /// Learner only, between the death of one process and the start of the next.
  ///
  /// - Parameters:
  ///   - incarnation: the number of times the worker has been replaced.
  ///   - streams: the incarnation that determines the initial random streams; nil for its own.
  ///   - restoresSnapshot: true if the process resumes from its snapshot.
  ///   - firstFragment: the number of its first fragment.
  package func begin(
    incarnation: UInt32, streams: UInt32? = nil, restoresSnapshot: Bool = false,
    firstFragment: Int = 0
  ) {
    parked.pointee.store(0, ordering: .relaxed)
    position.clear()
    base.word(at: Progress.ready).pointee.store(0, ordering: .relaxed)
    firstFragmentWord.pointee.store(UInt64(firstFragment), ordering: .relaxed)
    incarnationWord.pointee.store(UInt64(incarnation), ordering: .relaxed)
    streamsWord.pointee.store(UInt64(streams ?? incarnation), ordering: .relaxed)
    restoresWord.pointee.store(restoresSnapshot ? 1 : 0, ordering: .relaxed)
  }

  /// Sets the counters to those of a worker that has published `fragments` fragments.
  ///
  /// Learner only, between the death of one process and the start of the next.
  ///
  /// - Parameter episodes: the number of episodes finished by then, or nil to keep counting from
  ///   the present value. Records of later episodes are overwritten by the repetition and not read
  ///   twice.
  package func rewind(toFragments fragments: Int, steps: Int, episodes: UInt64?) {
    base.word(at: Progress.fragments).pointee.store(UInt64(fragments), ordering: .relaxed)
    base.word(at: Progress.steps).pointee.store(UInt64(steps), ordering: .relaxed)
    guard let episodes else { return }
    base.word(at: Progress.episodes).pointee.store(episodes, ordering: .relaxed)
    forgetRecords(beyond: episodes)
  }
}

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
  private func store(_ record: EpisodeRecord) {
    let index = count.pointee.load(ordering: .relaxed)
    entry(index).pointee.store(record.word, ordering: .releasing)
    count.pointee.store(index &+ 1, ordering: .releasing)
  }

  /// Sets the number of records, so that the next record is stored at this index.
  ///
  /// Learner only, while no process of this worker runs.
  private func forgetRecords(beyond index: UInt64) {
    count.pointee.store(index, ordering: .relaxed)
  }

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
