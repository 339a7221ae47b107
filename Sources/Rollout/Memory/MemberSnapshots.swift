/// The transfer function for the environments of a batch.
enum MemberSnapshots<Member: Environment> {
  typealias Transfer = (inout [Member], inout SnapshotCursor) -> Void

  /// The function that transfers all members; nil if they hold references without conforming.
  ///
  /// `BitwiseCopyable` is a compile-time property, inferred or declared. The runtime knows for
  /// every type whether copying it copies bytes (`_isPOD`).
  static var transfer: Transfer? {
    if let type = Member.self as? any SnapshotEnvironment.Type { return each(type) }
    guard _isPOD(Member.self) else { return nil }
    return { members, snapshot in
      let fresh = snapshot.isRestoring ? members : []
      members.withUnsafeMutableBytes { snapshot.transfer($0) }
      check(members, &snapshot, fresh)
    }
  }

  /// Checks that the environments can be in the restored states.
  ///
  /// - Parameter fresh: the environments as they were made; empty unless they are being restored.
  private static func check(
    _ members: [Member], _ snapshot: inout SnapshotCursor, _ fresh: [Member]
  ) {
    for (index, made) in fresh.enumerated() {
      snapshot.require(members[index].isPossible(for: made), "the state of environment \(index)")
    }
  }

  /// Returns a function bound to the protocol once, so a snapshot needs no lookups and no boxes.
  private static func each<Saved: SnapshotEnvironment>(_ type: Saved.Type) -> Transfer {
    { members, snapshot in
      let fresh = snapshot.isRestoring ? members : []
      members.withUnsafeMutableBufferPointer { members in
        UnsafeMutableRawBufferPointer(members).withMemoryRebound(to: Saved.self) {
          for index in $0.indices { $0[index].transfer(&snapshot) }
        }
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
