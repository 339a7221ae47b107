extension CollectLoop {
  /// Bytes of a snapshot of the loop; 0 when its environments have none.
  package var snapshotByteCount: Int {
    environments.canSnapshot ? SnapshotCursor.measure { transfer(&$0) } : 0
  }

  /// Measures, saves or restores all that the next fragment depends on besides the weights.
  ///
  /// - Precondition: the environments have snapshots.
  func transfer(_ snapshot: inout SnapshotCursor) {
    environments.transfer(&snapshot)
    actor.transfer(&snapshot)
    snapshot.transferState(of: carried.view, row: 0)
    episodes.transfer(&snapshot)
  }
}
