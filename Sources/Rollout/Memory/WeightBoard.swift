import Synchronization

// One thread of the learner writes; any worker reads, whenever it likes. The release store of the
// published version publishes a slot; the two checks of its slot version tell a reader whether what
// it copied is whole. The argument is in docs/shared-memory.md.

/// The newest weights, and a few versions before them.
///
/// Version v lies in slot `v mod slotCount`. Versions start at 1 and only grow.
///
/// A view: valid while the ``RunMemory`` it came from lives, which the holder sees to.
package struct WeightBoard: @unchecked Sendable {
  /// How many floats a version has.
  package let weightCount: Int

  /// How many versions are kept.
  package let slotCount: Int

  private let published: UnsafeMutablePointer<AtomicWord>
  private let slotVersions: UnsafeMutableRawPointer
  private let slots: UnsafeMutableRawPointer
  private let slotStride: Int

  init(_ layout: RunLayout, base: UnsafeMutableRawPointer) {
    weightCount = layout.weightCount
    slotCount = layout.slotCount
    published = base.word(at: layout.publishedVersionOffset)
    slotVersions = base + layout.slotVersionsOffset
    slots = base + layout.slotsOffset
    slotStride = layout.slotStride
  }

  /// The newest version that is whole; 0 before the first.
  @inline(__always)
  package var publishedVersion: UInt64 { published.pointee.load(ordering: .acquiring) }

  /// The word that tells a slot's version; 0 while it is empty or being written.
  private func slotVersion(_ slot: Int) -> UnsafeMutablePointer<AtomicWord> {
    slotVersions.word(at: slot * RunLayout.lineByteCount)
  }

  private func weights(_ slot: Int) -> UnsafeMutablePointer<Float> {
    (slots + slot * slotStride).assumingMemoryBound(to: Float.self)
  }

  /// Publishes new weights; the learner only, one thread at a time.
  ///
  /// Readers of the `slotCount - 1` versions before are not disturbed. Then look who waits for this
  /// version: ``WorkerLine/wakeIfParked(publishedVersion:)``.
  ///
  /// - Parameters:
  ///   - version: larger than any before.
  ///   - weights: `weightCount` floats, copied.
  /// - Precondition: version and count are as said.
  package func publish(version: UInt64, _ weights: UnsafeBufferPointer<Float>) {
    precondition(weights.count == weightCount, "\(weights.count) weights for \(weightCount)")
    let before = published.pointee.load(ordering: .relaxed)
    precondition(version > before, "version \(version) after version \(before)")
    let slot = Int(version % UInt64(slotCount))
    let mark = slotVersion(slot)
    mark.pointee.store(0, ordering: .relaxed)
    // No number of this version may be seen before the mark.
    atomicMemoryFence(ordering: .releasing)
    if let source = weights.baseAddress {
      self.weights(slot).update(from: source, count: weightCount)
    }
    mark.pointee.store(version, ordering: .releasing)
    published.pointee.store(version, ordering: .releasing)
  }

  /// Copies weights out; never waits for a lock.
  ///
  /// - Parameters:
  ///   - destination: room for `weightCount` floats; what it holds afterwards has a meaning only if
  ///     a version is returned.
  ///   - version: the one that is wanted, or `nil` for the newest.
  /// - Returns: the version copied; `nil` if nothing has been published, or the wanted version is
  ///   not there yet or has been replaced.
  /// - Complexity: one copy; for the newest, again for every `slotCount - 1` versions that the
  ///   learner publishes within it.
  package func read(
    into destination: UnsafeMutableBufferPointer<Float>, exactly version: UInt64? = nil
  ) -> UInt64? {
    precondition(destination.count == weightCount, "room for \(destination.count) weights")
    if let version {
      return version > 0 && copy(version, into: destination) ? version : nil
    }
    while true {
      let newest = publishedVersion
      if newest == 0 { return nil }
      if copy(newest, into: destination) { return newest }
    }
  }

  /// Copies one version; whether all of it was that version.
  private func copy(
    _ version: UInt64, into destination: UnsafeMutableBufferPointer<Float>
  ) -> Bool {
    let slot = Int(version % UInt64(slotCount))
    let mark = slotVersion(slot)
    guard mark.pointee.load(ordering: .acquiring) == version else { return false }
    if let address = destination.baseAddress {
      address.update(from: weights(slot), count: weightCount)
    }
    // The second look may not be made before the last number is here.
    atomicMemoryFence(ordering: .acquiring)
    return mark.pointee.load(ordering: .relaxed) == version
  }
}
