import Synchronization

// Four parts on separate cache lines, by who writes them:
//   parked    worker sets and clears, learner clears (both swap or store the one word)
//   progress  the worker's process of the moment, and nobody else
//   orders    the learner, while the worker has no process
//   ring      the worker; see WorkerLine+Episodes.swift

/// What one worker and the learner tell each other besides fragments and weights.
///
/// A view: valid while the ``RunMemory`` it came from lives, which the holder sees to.
package struct WorkerLine: @unchecked Sendable {
  /// A line that nobody reads, for loops outside of any worker.
  package static let unread: WorkerLine = {
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: RunLayout.workerLineStride, alignment: RunLayout.lineByteCount)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: RunLayout.workerLineStride)
    return WorkerLine(base: base)
  }()

  let base: UnsafeMutableRawPointer

  private init(base: UnsafeMutableRawPointer) { self.base = base }

  init(_ layout: RunLayout, worker: Int, base: UnsafeMutableRawPointer) {
    self.base = base + layout.workerLineOffset(worker)
  }

  // MARK: Parking

  private var parked: UnsafeMutablePointer<AtomicWord> { base.word(at: 0) }

  /// Says that this worker is about to wait for a version of the weights.
  ///
  /// After this, look once more for what is wanted; only if it is not there, block on the bell. Then
  /// ``unpark()`` in either case, and look again: a bell may ring for nothing.
  ///
  /// Worker only.
  ///
  /// - Parameter version: what it waits for; 0, which is always there, for a free fragment.
  package func park(awaiting version: UInt64) {
    precondition(version < .max, "no such version")
    parked.pointee.store(version + 1, ordering: .relaxed)
    fenceBetweenStoreAndLook()
  }

  /// Says that this worker no longer waits, bell or not.
  ///
  /// Worker only.
  package func unpark() {
    parked.pointee.store(0, ordering: .relaxed)
  }

  /// Whether this worker waits, for a fragment or for weights.
  package var isParked: Bool { parked.pointee.load(ordering: .relaxed) != 0 }

  /// Whether the learner must ring this worker's bell: it is parked, and what it awaits is there.
  ///
  /// Call it after the store that may be awaited: a version published, a fragment released or
  /// reclaimed, the run stopped. True once for each parking: it unparks.
  ///
  /// Learner only.
  ///
  /// - Parameter version: the newest published; the largest `UInt64` wakes whatever is awaited.
  package func wakeIfParked(publishedVersion version: UInt64) -> Bool {
    fenceBetweenStoreAndLook()
    let word = parked.pointee.load(ordering: .relaxed)
    guard word != 0, word - 1 <= version else { return false }
    return parked.pointee.compareExchange(expected: word, desired: 0, ordering: .relaxed).exchanged
  }

  // MARK: Progress

  /// Byte offsets on the progress line; all of them are the worker's to write.
  private enum Progress {
    static let fragments = 64
    static let steps = 72
    static let episodes = 80
    static let position = 88
  }

  /// Adds to a word of which the caller is the only writer: no locked instruction is needed.
  @inline(__always)
  private func add(_ count: UInt64, at offset: Int) {
    let word = base.word(at: offset)
    word.pointee.store(word.pointee.load(ordering: .relaxed) &+ count, ordering: .relaxed)
  }

  /// Fragments handed over by all incarnations of this worker.
  package var fragments: UInt64 {
    base.word(at: Progress.fragments).pointee.load(ordering: .relaxed)
  }

  /// Environment steps of all incarnations of this worker.
  package var steps: UInt64 { base.word(at: Progress.steps).pointee.load(ordering: .relaxed) }

  /// Episodes finished by all incarnations of this worker.
  package var episodes: UInt64 { base.word(at: Progress.episodes).pointee.load(ordering: .relaxed) }

  /// Counts a fragment that was handed over, and the environment steps in it.
  ///
  /// Worker only.
  package func countFragment(steps: Int) {
    add(1, at: Progress.fragments)
    add(UInt64(steps), at: Progress.steps)
  }

  /// Counts a finished episode and leaves its record for the learner, never waiting.
  ///
  /// Worker only.
  package func push(_ record: EpisodeRecord) {
    store(record)
    add(1, at: Progress.episodes)
  }

  /// Where the worker is: it marks each step of an environment, and the learner reads after its death.
  package var position: PositionMarker { PositionMarker(base.word(at: Progress.position)) }

  // MARK: Orders

  private var incarnationWord: UnsafeMutablePointer<AtomicWord> { base.word(at: 128) }

  /// Which process of this worker is, or was last, at work: 0 for the first; so many restarts.
  package var incarnation: UInt32 {
    UInt32(truncatingIfNeeded: incarnationWord.pointee.load(ordering: .relaxed))
  }

  private var firstFragmentWord: UnsafeMutablePointer<AtomicWord> { base.word(at: 136) }

  /// The number of the fragment that this process of the worker begins with.
  ///
  /// The learner says it, which knows what it has: a count of the worker's own would be off by one
  /// where its process died between counting and publishing.
  package var firstFragment: Int {
    Int(firstFragmentWord.pointee.load(ordering: .relaxed))
  }

  private var streamsWord: UnsafeMutablePointer<AtomicWord> { base.word(at: 144) }

  /// The incarnation whose random streams this process begins with.
  ///
  /// An earlier one's for a process that is to repeat what its predecessor did.
  package var streams: UInt32 {
    UInt32(truncatingIfNeeded: streamsWord.pointee.load(ordering: .relaxed))
  }

  private var restoresWord: UnsafeMutablePointer<AtomicWord> { base.word(at: 152) }

  /// Whether this process begins from its snapshot in the run's memory instead of with new episodes.
  package var restoresSnapshot: Bool { restoresWord.pointee.load(ordering: .relaxed) != 0 }

  /// Makes the line ready for a new process of this worker: not parked, nowhere.
  ///
  /// Learner only, between the death of one process and the start of the next.
  ///
  /// - Parameters:
  ///   - incarnation: how often the worker has been replaced.
  ///   - streams: the incarnation whose random streams it begins with; nil for its own.
  ///   - restoresSnapshot: whether it goes on from its snapshot.
  ///   - firstFragment: the number of its first fragment.
  package func begin(
    incarnation: UInt32, streams: UInt32? = nil, restoresSnapshot: Bool = false,
    firstFragment: Int = 0
  ) {
    parked.pointee.store(0, ordering: .relaxed)
    position.clear()
    firstFragmentWord.pointee.store(UInt64(firstFragment), ordering: .relaxed)
    incarnationWord.pointee.store(UInt64(incarnation), ordering: .relaxed)
    streamsWord.pointee.store(UInt64(streams ?? incarnation), ordering: .relaxed)
    restoresWord.pointee.store(restoresSnapshot ? 1 : 0, ordering: .relaxed)
  }

  /// Makes the counters those of a worker that handed over so many fragments, whatever a process did beyond them.
  ///
  /// Learner only, between the death of one process and the start of the next.
  ///
  /// - Parameter episodes: those finished by then, or nil to go on from what is counted; records of later ones are
  ///   overwritten by the repetition, and not read twice.
  package func rewind(toFragments fragments: Int, steps: Int, episodes: UInt64?) {
    base.word(at: Progress.fragments).pointee.store(UInt64(fragments), ordering: .relaxed)
    base.word(at: Progress.steps).pointee.store(UInt64(steps), ordering: .relaxed)
    guard let episodes else { return }
    base.word(at: Progress.episodes).pointee.store(episodes, ordering: .relaxed)
    forgetRecords(beyond: episodes)
  }
}
