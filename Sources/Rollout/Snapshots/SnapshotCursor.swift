/// Walks over what a snapshot holds and measures, saves or restores it: docs/resuming.md.
///
/// The walk is the same for all three, so that what is restored is what was saved. Values are copied byte for byte,
/// one behind the other; nothing is allocated.
///
///     func transfer(_ snapshot: inout SnapshotCursor) {
///       snapshot.transfer(&position)
///       snapshot.transfer(&board)
///     }
public struct SnapshotCursor {
  /// What the walk is for.
  private enum Purpose { case measuring, saving, restoring }

  private let purpose: Purpose
  private let base: UnsafeMutableRawPointer?
  private let capacity: Int
  /// Bytes walked over so far.
  package private(set) var byteCount = 0

  private init(_ purpose: Purpose, _ base: UnsafeMutableRawPointer?, capacity: Int) {
    self.purpose = purpose
    self.base = base
    self.capacity = capacity
  }

  /// Whether values are written to what is walked over, which may then renew what it derives from them.
  public var isRestoring: Bool { purpose == .restoring }

  /// Measures, saves or restores one value.
  @inlinable
  public mutating func transfer<Value: BitwiseCopyable>(_ value: inout Value) {
    withUnsafeMutableBytes(of: &value) { transfer($0) }
  }

  /// Measures, saves or restores the elements of an array, which always has as many.
  ///
  /// An array that shares its elements with another one is copied first, as by any change.
  @inlinable
  public mutating func transfer<Element: BitwiseCopyable>(_ array: inout [Element]) {
    array.withUnsafeMutableBytes { transfer($0) }
  }

  /// Measures, saves or restores the numbers of a vector.
  public mutating func transfer<Element: BitwiseCopyable>(_ vector: FlatVector<Element>) {
    transfer(UnsafeMutableRawBufferPointer(vector.buffer))
  }

  /// Measures, saves or restores bytes where they lie.
  ///
  /// - Precondition: the snapshot has room for them: objects come to the same size whenever they are walked over.
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

  // MARK: Whole walks

  /// How many bytes a walk comes to.
  package static func measure(_ walk: (inout SnapshotCursor) -> Void) -> Int {
    var cursor = SnapshotCursor(.measuring, nil, capacity: 0)
    walk(&cursor)
    return cursor.byteCount
  }

  /// Saves into memory of exactly the size that the walk comes to.
  @inline(__always)
  package static func save(
    into memory: UnsafeMutableRawBufferPointer, _ walk: (inout SnapshotCursor) -> Void
  ) {
    run(SnapshotCursor(.saving, memory.baseAddress, capacity: memory.count), walk)
  }

  /// Restores from memory of exactly the size that the walk comes to.
  package static func restore(
    from memory: UnsafeMutableRawBufferPointer, _ walk: (inout SnapshotCursor) -> Void
  ) {
    run(SnapshotCursor(.restoring, memory.baseAddress, capacity: memory.count), walk)
  }

  @inline(__always)
  private static func run(_ cursor: SnapshotCursor, _ walk: (inout SnapshotCursor) -> Void) {
    var cursor = cursor
    walk(&cursor)
    precondition(
      cursor.byteCount == cursor.capacity,
      "\(cursor.byteCount) bytes for a snapshot of \(cursor.capacity)")
  }
}

extension SnapshotCursor {
  /// Measures, saves or restores the values of the state at one row of a fragment.
  mutating func transferState(of fragment: FragmentView, row: Int) {
    for column in fragment.layout.stateColumns {
      transfer(
        UnsafeMutableRawBufferPointer(
          start: fragment.base + column.offset(row: row), count: column.rowStride))
    }
  }
}
