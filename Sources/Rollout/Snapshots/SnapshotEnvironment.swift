/// An environment with references that says what its state is, so that a run can go on in the middle of its episodes.
///
/// One without references needs nothing of this: its bytes are its state. `transfer` walks over all that the environment's next
/// steps depend on, which comes to the same number of bytes every time:
///
///     extension Maze: SnapshotEnvironment {
///       mutating func transfer(_ snapshot: inout SnapshotCursor) {
///         snapshot.transfer(&position)
///         snapshot.transfer(&walls)  // an array, as long as `make` made it
///       }
///     }
public protocol SnapshotEnvironment: Environment {
  /// Measures, saves or restores the state.
  ///
  /// It is measured and restored in an environment that has just been made and was not reset.
  mutating func transfer(_ snapshot: inout SnapshotCursor)
}

extension SnapshotEnvironment where Self: BitwiseCopyable {
  /// All bytes.
  public mutating func transfer(_ snapshot: inout SnapshotCursor) {
    withUnsafeMutableBytes(of: &self) { snapshot.transfer($0) }
  }
}

extension TimeLimit: SnapshotEnvironment where Base: SnapshotEnvironment {
  /// The steps so far, and the base's own.
  public mutating func transfer(_ snapshot: inout SnapshotCursor) {
    snapshot.transfer(&elapsedSteps)
    base.transfer(&snapshot)
  }
}

extension ObservationMask: SnapshotEnvironment where Base: SnapshotEnvironment {
  /// The base's own.
  public mutating func transfer(_ snapshot: inout SnapshotCursor) { base.transfer(&snapshot) }
}

// What a mask is put around: it has its space beside it, which is an array.
extension CartPole: SnapshotEnvironment {}

/// How the environments of a batch are walked over.
enum MemberSnapshots<Member: Environment> {
  typealias Transfer = (UnsafeMutableBufferPointer<Member>, inout SnapshotCursor) -> Void

  /// The walk over all members; nil when they hold references and do not say what is behind them.
  ///
  /// `BitwiseCopyable` is known to the compiler alone, and only where a type is declared or says so; the runtime
  /// knows of every type whether copying it copies bytes.
  static var transfer: Transfer? {
    if let type = Member.self as? any SnapshotEnvironment.Type { return each(type) }
    guard _isPOD(Member.self) else { return nil }
    return { members, snapshot in snapshot.transfer(UnsafeMutableRawBufferPointer(members)) }
  }

  /// Bound to the protocol once, so that a snapshot looks nothing up and boxes nothing.
  private static func each<Saved: SnapshotEnvironment>(_ type: Saved.Type) -> Transfer {
    { members, snapshot in
      UnsafeMutableRawBufferPointer(members).withMemoryRebound(to: Saved.self) {
        for index in $0.indices { $0[index].transfer(&snapshot) }
      }
    }
  }
}

/// Whether environments of a type, cut off by a step limit or not, have snapshots.
@usableFromInline
func haveSnapshots<Member: Environment>(_ type: Member.Type) -> Bool {
  MemberSnapshots<TimeLimit<Member>>.transfer != nil
}
