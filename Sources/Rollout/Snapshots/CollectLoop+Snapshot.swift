extension CollectLoop {
  /// The size of the loop's snapshot in bytes; 0 if its environments do not support snapshots.
  package var snapshotByteCount: Int {
    saved == nil ? 0 : SnapshotCursor.measure { transfer(&$0) }
  }

  /// Restores a snapshot of that size.
  package func restore(from memory: SnapshotView) {
    SnapshotCursor.restore(from: memory) { transfer(&$0) }
  }

  /// Restores a snapshot of that size, which comes from a file and may hold any bytes.
  ///
  /// - Returns: the first invalid value, as a phrase; nil if the loop can continue.
  package func restoreChecking(from bytes: [UInt8]) -> String? {
    SnapshotCursor.restoreChecking(from: bytes) { transfer(&$0) }
  }

  /// Measures, saves or restores the state behind the next fragment, apart from the weights.
  ///
  /// - Precondition: the environments support snapshots.
  func transfer(_ snapshot: inout SnapshotCursor) {
    saved?.transfer(&snapshot)
    actor.transfer(&snapshot)
    snapshot.transferState(of: carried.view, row: 0)
    episodes.transfer(&snapshot)
  }
}
