import Synchronization

// The writers of each word, and the data that each store publishes, are listed in
// OwnershipWord.swift. All operations here consist of a few atomic ones. None allocates, waits,
// counts references or makes a system call. A process may die between any two of them.

/// The fragments of a run and the ownership of each.
///
/// A view: valid while its `RunMemory` lives, which the holder of the view ensures.
package struct FragmentPool: @unchecked Sendable {
  /// The number of fragments.
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

  /// Returns the current ownership of a fragment.
  package func state(of buffer: Int) -> OwnershipState { ownership(of: buffer).state }

  /// The number of fragments that are free at this moment; workers may claim them meanwhile.
  package var freeCount: Int { (0..<bufferCount).count { state(of: $0) == .free } }

  /// Returns the address of a fragment, to be accessed only while the ownership word permits it.
  @inline(__always)
  package func base(of buffer: Int) -> UnsafeMutableRawPointer {
    precondition(buffer >= 0 && buffer < bufferCount, "no such fragment")
    return fragments + buffer * fragmentStride
  }

  /// Returns the snapshot stored behind a fragment: its worker's state at the end of the fragment.
  ///
  /// It belongs to the owner of the fragment.
  package func snapshot(of buffer: Int) -> SnapshotView {
    SnapshotView(base: base(of: buffer) + snapshotOffset, count: snapshotByteCount)
  }

  // MARK: Workers

  /// Claims a free fragment to fill.
  ///
  /// - Parameter hint: the index at which the search begins, modulo `bufferCount`; different hints
  ///   keep workers from searching the same words first.
  /// - Returns: the fragment, now in state *filling* for the worker; `nil` if none was free.
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
  /// - Returns: true if the fragment was free and is now in state *filling* for the worker.
  package func claim(buffer: Int, worker: Int, incarnation: UInt32) -> Bool {
    let filling = OwnershipState.filling(worker: worker, incarnation: incarnation).word
    return ownership(of: buffer).exchange(0, for: filling)
  }

  /// Publishes a complete fragment: one store publishes every byte that the worker wrote.
  ///
  /// Afterwards, check whether the learner is parked: `RunMemory.wakeLearnerIfParked()`.
  ///
  /// - Returns: the fragment's ticket; the learner takes the lowest one first.
  /// - Precondition: the caller has claimed the fragment.
  @discardableResult
  package func publish(_ buffer: Int) -> UInt64 {
    let ownership = ownership(of: buffer)
    requireFilling(ownership)
    let ticket = nextTicket.pointee.wrappingAdd(1, ordering: .relaxed).oldValue
    ownership.word.pointee.store(OwnershipState.readyTag | ticket, ordering: .releasing)
    return ticket
  }

  /// Returns a claimed fragment unfilled.
  ///
  /// - Precondition: the caller has claimed the fragment.
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

  /// Takes the oldest ready fragment.
  ///
  /// - Returns: the fragment, now in state *learning*; `nil` if none was ready.
  /// - Complexity: O(`bufferCount`) loads.
  package func takeLowestTicket() -> Int? { takeOldest()?.buffer }

  /// Takes the oldest ready fragment and returns its ticket, which the word no longer holds.
  ///
  /// The fragments of one worker are taken in the order in which it published them.
  ///
  /// - Returns: the fragment, now in state *learning*, and its ticket; `nil` if none was ready.
  /// - Complexity: O(`bufferCount`) loads.
  package func takeOldest() -> (buffer: Int, ticket: UInt64)? {
    var (oldest, lowest) = lowestReady()
    while oldest >= 0 {
      // A worker may have published one fragment behind the scan and then, ahead of it, the one
      // that the scan found. A scan that begins after that one was seen finds everything that its
      // worker published before.
      let (buffer, word) = lowestReady()
      // The fragment may be gone if a second thread of the learner took it; then start again.
      if buffer == oldest, word == lowest,
        ownership(of: oldest).exchange(lowest, for: OwnershipState.learningWord)
      {
        return (oldest, lowest & OwnershipState.payload)
      }
      (oldest, lowest) = (buffer, word)
    }
    return nil
  }

  /// Returns the fragment with the lowest ticket in one scan, and its word; -1 if there is none.
  private func lowestReady() -> (buffer: Int, word: UInt64) {
    var oldest = -1
    var lowest = UInt64.max
    for buffer in 0..<bufferCount {
      let word = ownership(of: buffer).word.pointee.load(ordering: .acquiring)
      // All ready words have the same tag, so comparing words compares tickets.
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
  /// - Returns: true if the fragment was ready and is now in state *learning*.
  package func take(buffer: Int) -> Bool {
    let ownership = ownership(of: buffer)
    let word = ownership.word.pointee.load(ordering: .relaxed)
    guard word & ~OwnershipState.payload == OwnershipState.readyTag else { return false }
    return ownership.exchange(word, for: OwnershipState.learningWord)
  }

  /// Withholds a free fragment from workers until it is released.
  ///
  /// - Returns: true if the fragment was free and is now in state *learning*.
  package func withhold(buffer: Int) -> Bool {
    ownership(of: buffer).exchange(0, for: OwnershipState.learningWord)
  }

  /// Frees a fragment that has been learned from.
  ///
  /// Afterwards, check for a parked worker: ``WorkerLine/wakeIfParked(publishedVersion:)``.
  ///
  /// - Precondition: the learner took or withheld the fragment.
  package func release(_ buffer: Int) {
    let word = ownership(of: buffer).word
    precondition(
      word.pointee.load(ordering: .relaxed) == OwnershipState.learningWord,
      "the fragment is not owned by the learner")
    word.pointee.store(0, ordering: .releasing)
  }

  /// Frees the fragments that a dead process was filling; its published fragments stay ready.
  ///
  /// - Returns: the number of fragments freed.
  /// - Precondition: the process of that incarnation has ended. Otherwise it would write to
  ///   fragments that others claim.
  package func reclaim(worker: Int, incarnation: UInt32) -> Int {
    let filling = OwnershipState.filling(worker: worker, incarnation: incarnation).word
    var count = 0
    for buffer in 0..<bufferCount where ownership(of: buffer).exchange(filling, for: 0) {
      count += 1
    }
    return count
  }
}
