/// The bytes of a snapshot in memory that another object owns.
///
/// A view: valid while the owner of the memory lives, which the holder of the view ensures.
package struct SnapshotView {
  let base: UnsafeMutableRawPointer
  /// The size of the snapshot in bytes.
  package let count: Int

  init(base: UnsafeMutableRawPointer, count: Int) {
    self.base = base
    self.count = count
  }

  /// Creates a view of bytes.
  package init(_ bytes: UnsafeMutableRawBufferPointer) {
    self.init(base: bytes.baseAddress!, count: bytes.count)
  }

  /// True if there are no bytes, as for environments without snapshots.
  package var isEmpty: Bool { count == 0 }

  /// Creates a view of one of several snapshots of equal size in a vector.
  ///
  /// - Precondition: the snapshot is within the vector.
  package init(_ index: Int, of snapshots: FlatVector<UInt8>, byteCount: Int) {
    precondition(
      index >= 0 && byteCount >= 0 && (index + 1) * byteCount <= snapshots.count,
      "no snapshot \(index)")
    base = UnsafeMutableRawPointer(snapshots.base) + index * byteCount
    count = byteCount
  }

  /// A copy of the bytes.
  package var bytes: [UInt8] { [UInt8](UnsafeRawBufferPointer(start: base, count: count)) }

  /// Replaces the bytes.
  ///
  /// - Precondition: there are at most as many bytes as the snapshot has.
  package func assign(_ bytes: [UInt8]) {
    precondition(bytes.count <= count, "\(bytes.count) bytes for a snapshot of \(count)")
    UnsafeMutableRawBufferPointer(start: base, count: count).copyBytes(from: bytes)
  }

  /// Copies the bytes of another snapshot of the same size.
  package func copy(_ other: SnapshotView) {
    precondition(other.count == count, "\(other.count) bytes for a snapshot of \(count)")
    base.copyMemory(from: other.base, byteCount: count)
  }
}

/// A cursor that measures, saves or restores the contents of a snapshot; see docs/resuming.md.
///
/// One traversal serves all three purposes, so exactly the saved data is restored. Values are
/// copied byte for byte, one after the other, without allocation.
///
/// ```swift
/// func transfer(_ snapshot: inout SnapshotCursor) {
///   snapshot.transfer(&position)
///   snapshot.transfer(&board)
/// }
/// ```
public struct SnapshotCursor {
  /// The purpose of the traversal.
  private enum Purpose { case measuring, saving, restoring, checking }

  private let purpose: Purpose
  private let base: UnsafeMutableRawPointer?
  private let capacity: Int
  /// The bytes traversed so far.
  package private(set) var byteCount = 0

  private init(_ purpose: Purpose, _ base: UnsafeMutableRawPointer?, capacity: Int) {
    self.purpose = purpose
    self.base = base
    self.capacity = capacity
  }

  /// True while values are being restored, so that an object can recompute its derived values.
  public var isRestoring: Bool { purpose == .restoring || purpose == .checking }

  /// The first invalid value that was restored, as a phrase; nil if there is none.
  package private(set) var fault: String?

  /// Checks a restored value, because a snapshot from a file may hold any bytes.
  ///
  /// Call it directly after the transfer of an index, a count or a flag that later code relies on.
  /// The condition is evaluated only while bytes from a file are restored. The learner does this
  /// once, before a worker restores them.
  ///
  /// ```swift
  /// snapshot.transfer(&cell)
  /// snapshot.require(cells.indices.contains(cell), "the cell \(cell)")
  /// ```
  ///
  /// - Parameters:
  ///   - isSound: the condition; false if the value is invalid.
  ///   - finding: the value as a phrase, such as `the cell 12`.
  public mutating func require(
    _ isSound: @autoclosure () -> Bool, _ finding: @autoclosure () -> String
  ) {
    guard purpose == .checking, fault == nil, !isSound() else { return }
    fault = finding()
  }

  /// Measures, saves or restores one value.
  @inlinable
  public mutating func transfer<Value: BitwiseCopyable>(_ value: inout Value) {
    withUnsafeMutableBytes(of: &value) { transfer($0) }
  }

  /// Measures, saves or restores the elements of an array with a constant number of elements.
  ///
  /// As with any mutation, an array that shares its storage is copied first.
  @inlinable
  public mutating func transfer<Element: BitwiseCopyable>(_ array: inout [Element]) {
    array.withUnsafeMutableBytes { transfer($0) }
  }

  /// Measures, saves or restores the elements of a vector.
  public mutating func transfer<Element: BitwiseCopyable>(_ vector: FlatVector<Element>) {
    transfer(UnsafeMutableRawBufferPointer(vector.buffer))
  }

  /// Measures, saves or restores bytes in place.
  ///
  /// - Precondition: the snapshot has room for them; an object has to transfer the same number of
  ///   bytes every time.
  @usableFromInline
  package mutating func transfer(_ bytes: UnsafeMutableRawBufferPointer) {
    guard purpose != .measuring else {
      byteCount += bytes.count
      return
    }
    precondition(
      bytes.count <= capacity - byteCount,
      "a snapshot of \(capacity) bytes has no room for \(bytes.count) behind \(byteCount)")
    if let base, let own = bytes.baseAddress {
      let place = base + byteCount
      let (source, target) = purpose == .saving ? (own, place) : (place, own)
      target.copyMemory(from: source, byteCount: bytes.count)
    }
    byteCount += bytes.count
  }

  // MARK: Whole traversals

  /// Returns the number of bytes that a traversal transfers.
  package static func measure(_ walk: (inout SnapshotCursor) -> Void) -> Int {
    var cursor = SnapshotCursor(.measuring, nil, capacity: 0)
    walk(&cursor)
    return cursor.byteCount
  }

  /// Saves to memory of exactly the size of the traversal.
  @inline(__always)
  package static func save(
    into memory: SnapshotView, _ walk: (inout SnapshotCursor) -> Void
  ) {
    run(SnapshotCursor(.saving, memory.base, capacity: memory.count), walk)
  }

  /// Restores from memory of exactly the size of the traversal.
  package static func restore(
    from memory: SnapshotView, _ walk: (inout SnapshotCursor) -> Void
  ) {
    run(SnapshotCursor(.restoring, memory.base, capacity: memory.count), walk)
  }

  /// Restores from bytes of exactly the size of the traversal, which may have any values.
  ///
  /// - Returns: the first invalid value, as a phrase; nil if all are valid.
  package static func restoreChecking(
    from bytes: [UInt8], _ walk: (inout SnapshotCursor) -> Void
  ) -> String? {
    var bytes = bytes
    return bytes.withUnsafeMutableBytes {
      run(SnapshotCursor(.checking, $0.baseAddress, capacity: $0.count), walk)
    }
  }

  @inline(__always)
  @discardableResult
  private static func run(
    _ cursor: SnapshotCursor, _ walk: (inout SnapshotCursor) -> Void
  ) -> String? {
    var cursor = cursor
    walk(&cursor)
    precondition(
      cursor.byteCount == cursor.capacity,
      "\(cursor.byteCount) bytes for a snapshot of \(cursor.capacity)")
    return cursor.fault
  }
}

extension SnapshotCursor {
  /// Measures, saves or restores the state in one row of a fragment.
  mutating func transferState(of fragment: FragmentView, row: Int) {
    for column in fragment.layout.stateColumns {
      transfer(
        UnsafeMutableRawBufferPointer(
          start: fragment.base + column.offset(row: row), count: column.rowStride))
    }
    require(
      fragment.firstImpossibleField(inStateRow: row) == nil,
      "'\(fragment.firstImpossibleField(inStateRow: row) ?? "")' in the state row")
  }
}

extension SnapshotCursor {
  /// Measures, saves or restores random streams.
  package mutating func transfer(streams: FlatVector<PCG64>) {
    transfer(streams: streams.buffer)
  }

  /// Measures, saves or restores random streams.
  package mutating func transfer(streams: UnsafeMutableBufferPointer<PCG64>) {
    transfer(UnsafeMutableRawBufferPointer(streams))
    require(streams.allSatisfy(\.isSound), "a random stream that repeats itself")
  }
}

/// A snapshot that an environment cannot continue from.
package struct SnapshotFault: Error, Equatable, CustomStringConvertible {
  /// One sentence without a period.
  package let description: String

  /// Creates an error that names the worker and the value.
  package init(worker: Int, _ finding: String) {
    description = "the snapshot of worker \(worker) has an invalid value: \(finding)"
  }
}
