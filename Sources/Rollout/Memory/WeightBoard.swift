import Synchronization

// One thread of the learner writes; any worker reads at any time. The release store of the
// published version publishes a slot. Two checks of its slot version tell a reader whether its copy
// is whole. The argument is in docs/shared-memory.md.

/// The newest weights and a few versions before them.
///
/// Version v is stored in slot `v mod slotCount`. Versions start at 1 and only grow.
///
/// A view: valid while its `RunMemory` lives, which the holder of the view ensures.
package struct WeightBoard: @unchecked Sendable {
  /// The number of floats in a version: the leading weights that workers act with.
  package let weightCount: Int

  /// The number of versions kept.
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

  /// The newest complete version; 0 before the first.
  @inline(__always)
  package var publishedVersion: UInt64 { published.pointee.load(ordering: .acquiring) }

  /// Returns the word that holds a slot's version; 0 while the slot is empty or being written.
  private func slotVersion(_ slot: Int) -> UnsafeMutablePointer<AtomicWord> {
    slotVersions.word(at: slot * RunLayout.lineByteCount)
  }

  private func weights(_ slot: Int) -> UnsafeMutablePointer<Float> {
    (slots + slot * slotStride).assumingMemoryBound(to: Float.self)
  }

  /// Publishes new weights; only one thread of the learner may call this at a time.
  ///
  /// Readers of the previous `slotCount - 1` versions are not disturbed. Afterwards, check for
  /// workers that wait for this version: ``WorkerLine/wakeIfParked(publishedVersion:)``.
  ///
  /// - Parameters:
  ///   - version: larger than any version before.
  ///   - weights: `weightCount` floats, which are copied.
  /// - Precondition: `version` and the number of weights are as described.
  package func publish(version: UInt64, _ weights: Span<Float>) {
    precondition(weights.count == weightCount, "\(weights.count) weights for \(weightCount)")
    let before = published.pointee.load(ordering: .relaxed)
    precondition(version > before, "version \(version) after version \(before)")
    let slot = Int(version % UInt64(slotCount))
    let mark = slotVersion(slot)
    mark.pointee.store(0, ordering: .relaxed)
    // No number of this version may become visible before the mark.
    atomicMemoryFence(ordering: .releasing)
    weights.withUnsafeBufferPointer { source in
      if let first = source.baseAddress {
        self.weights(slot).update(from: first, count: weightCount)
      }
    }
    mark.pointee.store(version, ordering: .releasing)
    published.pointee.store(version, ordering: .releasing)
  }

  /// Publishes the newest weights again, under a later version.
  package func republish(version: UInt64) {
    let newest = Int(publishedVersion % UInt64(slotCount))
    publish(version: version, Span(_unsafeStart: weights(newest), count: weightCount))
  }

  /// Copies weights out, without locks.
  ///
  /// - Parameters:
  ///   - destination: a vector whose first `weightCount` floats are set; their content is undefined
  ///     if nil is returned.
  ///   - version: the wanted version, or `nil` for the newest.
  /// - Returns: the version copied; `nil` if nothing has been published, or if the wanted version
  ///   is not published yet or has been replaced.
  /// - Complexity: one copy; for the newest, one more for every `slotCount - 1` versions that the
  ///   learner publishes meanwhile.
  package func read(
    into destination: FlatVector<Float>, exactly version: UInt64? = nil
  ) -> UInt64? {
    precondition(
      destination.count >= weightCount, "room for \(destination.count) of \(weightCount) weights")
    if let version {
      return version > 0 && copy(version, into: destination) ? version : nil
    }
    while true {
      let newest = publishedVersion
      if newest == 0 { return nil }
      if copy(newest, into: destination) { return newest }
    }
  }

  /// Copies one version and returns true if the whole copy is of that version.
  private func copy(_ version: UInt64, into destination: FlatVector<Float>) -> Bool {
    let slot = Int(version % UInt64(slotCount))
    let mark = slotVersion(slot)
    guard mark.pointee.load(ordering: .acquiring) == version else { return false }
    destination.base.update(from: weights(slot), count: weightCount)
    // The second check may not be made before the last number has been copied.
    atomicMemoryFence(ordering: .acquiring)
    return mark.pointee.load(ordering: .relaxed) == version
  }
}
