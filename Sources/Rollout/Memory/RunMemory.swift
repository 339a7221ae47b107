import Glibc
import Synchronization

// Written here: header and description by the learner, before any worker starts; `stopping` by the
// learner; the learner's parked word by the learner (set, clear) and by the worker that swaps it to
// zero to ring. Everything else belongs to the views. No store here publishes data: parking relies
// on fences, and the views' own stores publish what they are about.

/// The memory in which one learner and its workers meet, mapped into this process.
///
/// It owns the mapping. The pool, the board and the lines are views of it, plain pointers that count
/// no references: whoever holds one keeps this object alive, as a stored property beside it or with
/// `withExtendedLifetime`. docs/shared-memory.md says who writes and reads which part.
public final class RunMemory: @unchecked Sendable {
  /// Where everything lies.
  public let layout: RunLayout

  /// The fragments.
  package let pool: FragmentPool

  /// The weights.
  package let board: WeightBoard

  private let mapping: SharedMemory
  private let stoppingWord: UnsafeMutablePointer<AtomicWord>
  private let learnerParked: UnsafeMutablePointer<AtomicWord>

  /// Creates the memory of a run; the learner, before it starts any worker.
  ///
  /// Every page is reserved, so no later write can fail for want of memory. Builds for debugging
  /// fill the fragments with ones, which are NaN to a float: who reads what nobody wrote sees it.
  ///
  /// - Parameters:
  ///   - layout: the sizes.
  ///   - description: what the workers should know, `descriptionByteCount` bytes.
  /// - Throws: ``RunMemoryError`` when the machine has no room, with what is wanted and what is free.
  public convenience init(
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

  /// Attaches to the memory that a learner has created; a worker, or the learner's own process.
  ///
  /// - Parameters:
  ///   - learner: the learner's process.
  ///   - descriptor: what ``descriptor`` is in that process.
  /// - Throws: ``RunMemoryError`` when it is not there, is no run, or is one of another version.
  public convenience init(
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

  /// The number under which this process has the memory open: what a worker of it attaches to.
  public var descriptor: Int32 { mapping.descriptor }

  /// What the learner wrote for the workers before it started any; a copy.
  public var description: [UInt8] {
    let bytes = UnsafeRawBufferPointer(
      start: mapping.base + layout.descriptionOffset, count: layout.descriptionByteCount)
    return [UInt8](bytes)
  }

  /// What one worker and the learner tell each other.
  ///
  /// - Parameter worker: from 0, less than the layout's `workerCount`.
  package func line(_ worker: Int) -> WorkerLine {
    WorkerLine(layout, worker: worker, base: mapping.base)
  }

  /// The snapshot that a worker's next process begins from, if its orders say so.
  ///
  /// The learner writes it between the death of one process and the start of the next.
  package func snapshot(ofWorker worker: Int) -> UnsafeMutableRawBufferPointer {
    precondition(worker >= 0 && worker < layout.workerCount, "no worker \(worker)")
    return UnsafeMutableRawBufferPointer(
      start: mapping.base + layout.snapshotsOffset + worker * layout.snapshotStride,
      count: layout.snapshotByteCount)
  }

  // MARK: Stopping

  /// Whether the run is over and workers should leave.
  ///
  /// The learner sets it, once, then wakes every line for the largest version there is.
  package var stopping: Bool {
    get { stoppingWord.pointee.load(ordering: .acquiring) != 0 }
    set { stoppingWord.pointee.store(newValue ? 1 : 0, ordering: .releasing) }
  }

  // MARK: The learner's parking

  /// Says that the learner is about to wait for a fragment.
  ///
  /// After this, look once more; only if nothing is ready, block. Then ``unparkLearner()`` in either
  /// case, and look again: a bell may ring for nothing.
  ///
  /// Learner only.
  package func parkLearner() {
    learnerParked.pointee.store(1, ordering: .relaxed)
    fenceBetweenStoreAndLook()
  }

  /// Says that the learner no longer waits, bell or not.
  ///
  /// Learner only.
  package func unparkLearner() {
    learnerParked.pointee.store(0, ordering: .relaxed)
  }

  /// Whether the caller must ring the learner's bell.
  ///
  /// A worker calls it after ``FragmentPool/publish(_:)``. True to one worker for each parking.
  package func wakeLearnerIfParked() -> Bool {
    fenceBetweenStoreAndLook()
    guard learnerParked.pointee.load(ordering: .relaxed) != 0 else { return false }
    return learnerParked.pointee.exchange(0, ordering: .relaxed) != 0
  }
}
