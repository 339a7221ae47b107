import Glibc
import Synchronization

// Written here: header and description by the learner, before any worker starts; `stopping` by the
// learner; the learner's parked word by the learner (set, clear) and by the worker that swaps it to
// zero to ring. All other sections are written through the views. No store here publishes data:
// parking relies on fences, and each view's own stores publish its data.

/// The shared memory of one learner and its workers, mapped into this process.
///
/// The object owns the mapping. The pool, the board and the lines are views of it: plain pointers
/// that count no references. The holder of a view keeps this object alive, as a stored property
/// beside the view or with `withExtendedLifetime`. docs/shared-memory.md lists the writers and
/// readers of each part.
package final class RunMemory: @unchecked Sendable {
  /// The offsets and sizes of all sections.
  package let layout: RunLayout

  /// The fragments.
  package let pool: FragmentPool

  /// The weights.
  package let board: WeightBoard

  private let mapping: SharedMemory
  /// The word behind ``stopping``.
  private let stoppingWord: UnsafeMutablePointer<AtomicWord>
  private let learnerParked: UnsafeMutablePointer<AtomicWord>

  /// Creates the memory of a run; called by the learner before it starts any worker.
  ///
  /// Every page is reserved, so no later write can fail for lack of memory. Debug builds fill the
  /// fragments with one-bits, which are NaN as floats, to reveal reads of unwritten data.
  ///
  /// - Parameters:
  ///   - layout: the offsets and sizes.
  ///   - description: the description for the workers, `descriptionByteCount` bytes.
  /// - Throws: `RunMemoryError` if the machine has too little memory, with the bytes wanted and
  ///   the bytes free.
  package convenience init(
    creating layout: RunLayout, description: [UInt8]
  ) throws(RunMemoryError) {
    precondition(
      description.count == layout.descriptionByteCount,
      "\(description.count) bytes of description for \(layout.descriptionByteCount)")
    let mapping: SharedMemory
    do {
      mapping = try SharedMemory(creating: layout.byteCount)
    } catch {
      throw .system(error)
    }
    RunHeader.write(layout, to: mapping.base)
    (mapping.base + layout.descriptionOffset).copyMemory(
      from: description, byteCount: description.count)
    #if DEBUG
      memset(
        mapping.base + layout.fragmentsOffset, 0xFF, layout.byteCount - layout.fragmentsOffset)
    #endif
    self.init(layout, mapping)
  }

  /// Attaches to the memory that a learner has created, from a worker or the learner's own process.
  ///
  /// - Parameters:
  ///   - learner: the learner's process identifier.
  ///   - descriptor: the value of ``descriptor`` in that process.
  /// - Throws: `RunMemoryError` if the memory does not exist, is not a run, or has another
  ///   version.
  package convenience init(
    attachingTo learner: Int32, descriptor: Int32
  ) throws(RunMemoryError) {
    let mapping: SharedMemory
    do {
      mapping = try SharedMemory(attachingTo: learner, descriptor: descriptor)
    } catch {
      throw .system(error)
    }
    let layout = try RunHeader.read(from: mapping.base, mapped: mapping.byteCount)
    self.init(layout, mapping)
  }

  private init(_ layout: RunLayout, _ mapping: consuming SharedMemory) {
    let base = mapping.base
    self.layout = layout
    self.mapping = mapping
    pool = FragmentPool(layout, base: base)
    board = WeightBoard(layout, base: base)
    stoppingWord = base.word(at: layout.stoppingOffset)
    learnerParked = base.word(at: layout.learnerParkedOffset)
  }

  /// The descriptor of the memory in this process, which this process's workers attach to.
  package var descriptor: Int32 { mapping.descriptor }

  /// A copy of the description that the learner wrote before it started any worker.
  package var description: [UInt8] {
    let bytes = UnsafeRawBufferPointer(
      start: mapping.base + layout.descriptionOffset, count: layout.descriptionByteCount)
    return [UInt8](bytes)
  }

  /// Returns the line shared by one worker and the learner.
  ///
  /// - Parameter worker: from 0, less than the layout's `workerCount`.
  package func line(_ worker: Int) -> WorkerLine {
    WorkerLine(layout, worker: worker, base: mapping.base)
  }

  /// Returns the snapshot from which a worker's next process starts, if its orders say so.
  ///
  /// The learner writes it between the death of one process and the start of the next.
  package func snapshot(ofWorker worker: Int) -> SnapshotView {
    precondition(worker >= 0 && worker < layout.workerCount, "no worker \(worker)")
    return SnapshotView(
      base: mapping.base + layout.snapshotsOffset + worker * layout.snapshotStride,
      count: layout.snapshotByteCount)
  }

  // MARK: Stopping

  /// True if the run is over and workers should exit.
  ///
  /// The learner sets it once, then wakes every line for the largest version there is.
  package var stopping: Bool {
    get { stoppingWord.pointee.load(ordering: .acquiring) != 0 }
    set { stoppingWord.pointee.store(newValue ? 1 : 0, ordering: .releasing) }
  }

  /// Lets SIGTERM end this process once the run is over; until then it is ignored.
  ///
  /// - Parameter body: the work of the process, during which this object lives.
  package func withTermination<Result>(_ body: () throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try Termination.follow(stoppingWord, body) }
  }

  // MARK: The learner's parking

  /// Marks the learner as about to wait for a fragment.
  ///
  /// After this call, check once more for a ready fragment, and block only if there is none. Call
  /// ``unparkLearner()`` in either case and check again, because a bell may ring for nothing.
  ///
  /// Learner only.
  package func parkLearner() {
    learnerParked.pointee.store(1, ordering: .relaxed)
    fenceBetweenStoreAndLook()
  }

  /// Marks the learner as no longer waiting, with or without a ring.
  ///
  /// Learner only.
  package func unparkLearner() {
    learnerParked.pointee.store(0, ordering: .relaxed)
  }

  /// Clears the learner's parked word and returns true if the caller must ring the learner's bell.
  ///
  /// A worker calls this after ``FragmentPool/publish(_:)``. It returns true to one worker per
  /// parking.
  package func wakeLearnerIfParked() -> Bool {
    fenceBetweenStoreAndLook()
    guard learnerParked.pointee.load(ordering: .relaxed) != 0 else { return false }
    return learnerParked.pointee.exchange(0, ordering: .relaxed) != 0
  }
}

/// The header of a run's memory: magic number, version, and the sizes that determine the layout.
///
/// It is the first two lines. The learner writes them once, before it starts a worker. Workers read
/// them on attach. Starting the process orders the two.
package enum RunHeader {
  /// The text `rlplay` and two bytes that occur in no text, as a little-endian word.
  package static let magic: UInt64 = 0x0A1A_7961_6C70_6C72

  /// The layout version; changes with every change of the layout or its meaning.
  package static let version: UInt64 = 4

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
  /// - Throws: `RunMemoryError` if the memory is not a run, or has another layout version or
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

/// An error in creating or attaching to the memory of a run.
package enum RunMemoryError: Error, Sendable, Equatable {
  /// The file is not the memory of a run; the text gives the reason.
  case notARun(String)

  /// The memory has the layout version of another build of rlplay.
  case versionMismatch(found: UInt64, expected: UInt64)

  /// The size of the file, or the size in its header, differs from the size implied by the counts.
  case sizeMismatch(found: Int, expected: Int)

  /// A system call failed.
  case system(SystemError)
}

extension RunMemoryError: CustomStringConvertible {
  /// One sentence without a period: the problem, the values and, if there is one, the remedy.
  package var description: String {
    switch self {
    case .notARun(let reason):
      "this is not the memory of a run: \(reason)"
    case .versionMismatch(let found, let expected):
      """
      the memory of the run has layout version \(found), but this program has \(expected): \
      start learner and workers from the same build
      """
    case .sizeMismatch(let found, let expected):
      "the memory of the run has \(found) bytes, but its counts require \(expected)"
    case .system(let error):
      error.description
    }
  }
}
