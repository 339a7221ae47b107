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
    withUnsafeMutableBytes(of: &self) { snapshot.transfer($0) }
  }
}

/// The transfer function for the environments of a batch.
enum MemberSnapshots<Member: Environment> {
  typealias Transfer = (UnsafeMutableBufferPointer<Member>, inout SnapshotCursor) -> Void

  /// The function that transfers all members; nil if they hold references without conforming.
  ///
  /// `BitwiseCopyable` is a compile-time property, inferred or declared. The runtime knows for
  /// every type whether copying it copies bytes (`_isPOD`).
  static var transfer: Transfer? {
    if let type = Member.self as? any SnapshotEnvironment.Type { return each(type) }
    guard _isPOD(Member.self) else { return nil }
    return { members, snapshot in
      let fresh = snapshot.isRestoring ? Array(members) : []
      snapshot.transfer(UnsafeMutableRawBufferPointer(members))
      check(members, &snapshot, fresh)
    }
  }

  /// Checks that the environments can be in the restored states.
  ///
  /// - Parameter fresh: the environments as they were made; empty unless they are being restored.
  private static func check(
    _ members: UnsafeMutableBufferPointer<Member>, _ snapshot: inout SnapshotCursor,
    _ fresh: [Member]
  ) {
    for (index, made) in fresh.enumerated() {
      snapshot.require(members[index].isPossible(for: made), "the state of environment \(index)")
    }
  }

  /// Returns a function bound to the protocol once, so a snapshot needs no lookups and no boxes.
  private static func each<Saved: SnapshotEnvironment>(_ type: Saved.Type) -> Transfer {
    { members, snapshot in
      let fresh = snapshot.isRestoring ? Array(members) : []
      UnsafeMutableRawBufferPointer(members).withMemoryRebound(to: Saved.self) {
        for index in $0.indices { $0[index].transfer(&snapshot) }
      }
      check(members, &snapshot, fresh)
    }
  }
}

/// Returns true if environments of a type support snapshots.
@usableFromInline
func haveSnapshots<Member: Environment>(_ type: Member.Type) -> Bool {
  MemberSnapshots<Member>.transfer != nil
}
