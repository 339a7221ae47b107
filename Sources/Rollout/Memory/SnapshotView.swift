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
