import Synchronization

// Who writes which word, and what each store publishes, is in OwnershipWord.swift. All operations
// here are a few atomic ones: none allocates, waits, counts references or calls the system, and a
// process may die between any two of them.

/// The fragments of a run, and whose each one is.
///
/// A view: valid while the ``RunMemory`` it came from lives, which the holder sees to.
package struct FragmentPool: @unchecked Sendable {
  /// How many fragments there are.
  package let bufferCount: Int

  /// The size of one fragment in bytes.
  package let fragmentByteCount: Int

  private let words: UnsafeMutableRawPointer
  private let nextTicket: UnsafeMutablePointer<AtomicWord>
  private let fragments: UnsafeMutableRawPointer
  private let fragmentStride: Int
  private let snapshotOffset: Int
  private let snapshotByteCount: Int

  init(_ layout: RunLayout, base: UnsafeMutableRawPointer) {
    bufferCount = layout.bufferCount
    fragmentByteCount = layout.fragmentByteCount
    words = base + layout.ownershipOffset
    nextTicket = base.word(at: layout.nextTicketOffset)
    fragments = base + layout.fragmentsOffset
    fragmentStride = layout.fragmentStride
    snapshotOffset = layout.snapshotOffset
    snapshotByteCount = layout.snapshotByteCount
  }

  @inline(__always)
  private func ownership(of buffer: Int) -> OwnershipWord {
    precondition(buffer >= 0 && buffer < bufferCount, "no such fragment")
    return OwnershipWord(word: words.word(at: buffer * RunLayout.lineByteCount))
  }

  /// Whose a fragment is right now.
  package func state(of buffer: Int) -> OwnershipState { ownership(of: buffer).state }

  /// How many fragments are free at this moment; workers may claim them meanwhile.
  package var freeCount: Int { (0..<bufferCount).count { state(of: $0) == .free } }

  /// The first byte of a fragment, which is the caller's to touch only while the word says so.
  @inline(__always)
  package func base(of buffer: Int) -> UnsafeMutableRawPointer {
    precondition(buffer >= 0 && buffer < bufferCount, "no such fragment")
    return fragments + buffer * fragmentStride
  }

  /// The snapshot behind a fragment: of its worker when the fragment ended, and touched by whom the fragment is.
  package func snapshot(of buffer: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(
      start: base(of: buffer) + snapshotOffset, count: snapshotByteCount)
  }

  // MARK: Workers

  /// Claims a free fragment to fill.
  ///
  /// - Parameter hint: where to look first, any number from 0; one past the last claim is best.
  /// - Returns: the fragment, now the worker's; `nil` when none was free.
  /// - Complexity: O(`bufferCount`) loads at worst.
  package func claim(worker: Int, incarnation: UInt32, startingAt hint: Int = 0) -> Int? {
    let filling = OwnershipState.filling(worker: worker, incarnation: incarnation).word
    var buffer = hint % bufferCount
    for _ in 0..<bufferCount {
      let ownership = ownership(of: buffer)
      if ownership.looksFree, ownership.exchange(0, for: filling) { return buffer }
      buffer += 1
      if buffer == bufferCount { buffer = 0 }
    }
    return nil
  }

  /// Claims one particular fragment to fill.
  ///
  /// - Returns: whether it was free and is now the worker's.
  package func claim(buffer: Int, worker: Int, incarnation: UInt32) -> Bool {
    let filling = OwnershipState.filling(worker: worker, incarnation: incarnation).word
    return ownership(of: buffer).exchange(0, for: filling)
  }

  /// Hands a whole fragment over: one store publishes every byte that the worker wrote.
  ///
  /// Then look whether the learner waits: ``RunMemory/wakeLearnerIfParked()``.
  ///
  /// - Returns: the fragment's ticket, by which the learner takes the oldest first.
  /// - Precondition: the caller claimed it.
  @discardableResult
  package func publish(_ buffer: Int) -> UInt64 {
    let ownership = ownership(of: buffer)
    requireFilling(ownership)
    let ticket = nextTicket.pointee.wrappingAdd(1, ordering: .relaxed).oldValue
    ownership.word.pointee.store(OwnershipState.readyTag | ticket, ordering: .releasing)
    return ticket
  }

  /// Gives a claimed fragment back unfilled.
  ///
  /// - Precondition: the caller claimed it.
  package func abandon(_ buffer: Int) {
    let ownership = ownership(of: buffer)
    requireFilling(ownership)
    ownership.word.pointee.store(0, ordering: .releasing)
  }

  @inline(__always)
  private func requireFilling(_ ownership: OwnershipWord) {
    let word = ownership.word.pointee.load(ordering: .relaxed)
    precondition(
      word & ~OwnershipState.payload == OwnershipState.fillingTag, "the fragment is not claimed")
  }

  // MARK: The learner

  /// Takes the oldest fragment that is ready.
  ///
  /// - Returns: the fragment, now the learner's; `nil` when none was ready.
  /// - Complexity: O(`bufferCount`) loads.
  package func takeLowestTicket() -> Int? { takeOldest()?.buffer }

  /// Takes the oldest fragment that is ready, and tells its ticket, which the word then forgets.
  ///
  /// The fragments of one worker are taken in the order in which it published them.
  ///
  /// - Returns: the fragment, now the learner's, and its ticket; `nil` when none was ready.
  /// - Complexity: O(`bufferCount`) loads.
  package func takeOldest() -> (buffer: Int, ticket: UInt64)? {
    var (oldest, lowest) = lowestReady()
    while oldest >= 0 {
      // A worker may have published behind the scan and then, in front of it, what the scan found.
      // A scan that begins after that one was seen shows all that its worker published before.
      let (buffer, word) = lowestReady()
      // It may also be gone, if a second thread of the learner was quicker; then start again.
      if buffer == oldest, word == lowest,
        ownership(of: oldest).exchange(lowest, for: OwnershipState.learningWord)
      {
        return (oldest, lowest & OwnershipState.payload)
      }
      (oldest, lowest) = (buffer, word)
    }
    return nil
  }

  /// The fragment with the lowest ticket that one scan comes across, and its word; -1 for none.
  private func lowestReady() -> (buffer: Int, word: UInt64) {
    var oldest = -1
    var lowest = UInt64.max
    for buffer in 0..<bufferCount {
      let word = ownership(of: buffer).word.pointee.load(ordering: .acquiring)
      // All ready words have the same tag, so they compare as their tickets do.
      guard word & ~OwnershipState.payload == OwnershipState.readyTag, word < lowest else {
        continue
      }
      lowest = word
      oldest = buffer
    }
    return (oldest, lowest)
  }

  /// Takes one particular fragment.
  ///
  /// - Returns: whether it was ready and is now the learner's.
  package func take(buffer: Int) -> Bool {
    let ownership = ownership(of: buffer)
    let word = ownership.word.pointee.load(ordering: .relaxed)
    guard word & ~OwnershipState.payload == OwnershipState.readyTag else { return false }
    return ownership.exchange(word, for: OwnershipState.learningWord)
  }

  /// Keeps a free fragment from workers, until it is released.
  ///
  /// - Returns: whether it was free and is now the learner's.
  package func withhold(buffer: Int) -> Bool {
    ownership(of: buffer).exchange(0, for: OwnershipState.learningWord)
  }

  /// Frees a fragment that has been learned from.
  ///
  /// Then look who waits for a free one: ``WorkerLine/wakeIfParked(publishedVersion:)``.
  ///
  /// - Precondition: the learner took it, or withheld it.
  package func release(_ buffer: Int) {
    let word = ownership(of: buffer).word
    precondition(
      word.pointee.load(ordering: .relaxed) == OwnershipState.learningWord,
      "the fragment is not the learner's")
    word.pointee.store(0, ordering: .releasing)
  }

  /// Frees what a dead process was filling; what it had published stays ready, for that is whole.
  ///
  /// - Returns: how many fragments it was filling.
  /// - Precondition: that incarnation's process has ended, or it would write to what others claim.
  package func reclaim(worker: Int, incarnation: UInt32) -> Int {
    let filling = OwnershipState.filling(worker: worker, incarnation: incarnation).word
    var count = 0
    for buffer in 0..<bufferCount where ownership(of: buffer).exchange(filling, for: 0) {
      count += 1
    }
    return count
  }
}
