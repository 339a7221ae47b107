// The first two lines of a run's memory. The learner writes them once, before it starts a worker.
// Workers read them on attach. Starting the process orders the two.

/// The header of a run's memory: magic number, version, and the sizes that determine the layout.
package enum RunHeader {
  /// The text `rlplay` and two bytes that occur in no text, as a little-endian word.
  package static let magic: UInt64 = 0x0A1A_7961_6C70_6C72

  /// The layout version; changes with every change of the layout or its meaning.
  package static let version: UInt64 = 3

  /// The size of the header in bytes.
  package static let byteCount = 128

  /// The words of the header, by index.
  package enum Field: Int {
    case magic, version, byteCount
    case workerCount, bufferCount, fragmentByteCount, slotCount, weightCount, descriptionByteCount
    case snapshotByteCount

    /// The offset from the beginning of the mapping, in bytes.
    package var offset: Int { rawValue * 8 }
  }

  /// Writes the header of new memory; called by the learner before any worker starts.
  static func write(_ layout: RunLayout, to base: UnsafeMutableRawPointer) {
    func store(_ value: Int, _ field: Field) {
      base.storeBytes(of: UInt64(value), toByteOffset: field.offset, as: UInt64.self)
    }
    store(layout.byteCount, .byteCount)
    store(layout.workerCount, .workerCount)
    store(layout.bufferCount, .bufferCount)
    store(layout.fragmentByteCount, .fragmentByteCount)
    store(layout.slotCount, .slotCount)
    store(layout.weightCount, .weightCount)
    store(layout.descriptionByteCount, .descriptionByteCount)
    store(layout.snapshotByteCount, .snapshotByteCount)
    base.storeBytes(of: version, toByteOffset: Field.version.offset, as: UInt64.self)
    base.storeBytes(of: magic, toByteOffset: Field.magic.offset, as: UInt64.self)
  }

  /// Reads and checks the header of a mapping of the whole file.
  ///
  /// - Parameter mapped: the size of the file in bytes.
  /// - Throws: ``RunMemoryError`` if the memory is not a run, or has another layout version or
  ///   size.
  static func read(
    from base: UnsafeMutableRawPointer, mapped: Int
  ) throws(RunMemoryError) -> RunLayout {
    guard mapped >= byteCount else { throw .notARun("it has only \(mapped) bytes") }
    func word(_ field: Field) -> UInt64 {
      base.load(fromByteOffset: field.offset, as: UInt64.self)
    }
    guard word(.magic) == magic else {
      throw .notARun("it does not begin with a run's magic number")
    }
    guard word(.version) == version else {
      throw .versionMismatch(found: word(.version), expected: version)
    }
    func count(_ field: Field) -> Int { Int(exactly: word(field)) ?? -1 }
    let layout = RunLayout(
      checking: count(.workerCount), count(.bufferCount), count(.fragmentByteCount),
      count(.slotCount), count(.weightCount), count(.descriptionByteCount),
      count(.snapshotByteCount))
    guard let layout else { throw .notARun("the sizes in its header are invalid") }
    // Check both the stated and the real size: the first detects a changed header, the second a
    // truncated file.
    guard count(.byteCount) == layout.byteCount else {
      throw .sizeMismatch(found: count(.byteCount), expected: layout.byteCount)
    }
    guard mapped == layout.byteCount else {
      throw .sizeMismatch(found: mapped, expected: layout.byteCount)
    }
    return layout
  }
}
