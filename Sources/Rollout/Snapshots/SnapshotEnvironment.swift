/// An environment with references that can transfer its state to and from a snapshot.
///
/// With snapshots, a run can resume in the middle of episodes. An environment without references
/// needs no conformance, because its bytes are its state. `transfer` covers everything that the
/// environment's next steps depend on. It transfers the same number of bytes every time:
///
/// ```swift
/// extension Maze: SnapshotEnvironment {
///   mutating func transfer(_ snapshot: inout SnapshotCursor) {
///     snapshot.transfer(&position)
///     snapshot.transfer(&walls)  // an array with the length that `make` gave it
///   }
/// }
/// ```
public protocol SnapshotEnvironment: Environment {
  /// Measures, saves or restores the state.
  ///
  /// Measuring and restoring happen in a newly made environment that has not been reset.
  mutating func transfer(_ snapshot: inout SnapshotCursor)
}

extension SnapshotEnvironment where Self: BitwiseCopyable {
  /// Transfers all bytes of the value.
  public mutating func transfer(_ snapshot: inout SnapshotCursor) {
    snapshot.transfer(&self)
  }
}
