/// A wrapper that truncates episodes after a number of steps of the wrapped batch.
///
/// The step that reaches the limit is truncated. It is terminated too if the task ended the episode
/// on that step, as in Gymnasium.
public final class TimeLimitBatch: WrappedBatch {
  private let limit: Int32
  private let elapsed: FlatVector<Int32>

  /// Wraps a batch.
  ///
  /// - Throws: `SpaceMismatch` if single environments cannot be restarted.
  /// - Precondition: the limit is positive.
  public init(_ inner: any EnvironmentBatch, steps: Int) throws(SpaceMismatch) {
    precondition(steps > 0, "a limit of \(steps) steps: use at least 1")
    guard inner.capability((any SingleResetBatch).self) != nil else {
      throw SpaceMismatch(
        description: """
          the environments cannot begin an episode on request: make the time limit the innermost \
          wrapper
          """)
    }
    limit = Int32(clamping: steps)
    elapsed = FlatVector(repeating: 0, count: inner.count)
    super.init(inner)
  }

  override func transferOwn(_ snapshot: inout SnapshotCursor) {
    snapshot.transfer(elapsed)
    snapshot.require(
      elapsed.buffer.allSatisfy { $0 >= 0 && $0 < limit }, "the steps of an episode so far")
  }

  override func judge() {
    for index in 0..<count where !waits[index] {
      elapsed.base[index] &+= 1
      if elapsed.base[index] >= limit { truncated[index] = true }
    }
  }

  override func settle(_ position: PositionMarker) throws {
    for index in 0..<count where begins[index] {
      // Only here can an episode have ended that the inner batch would continue.
      if elapsed.base[index] >= limit, !isReset[index] { try restartInner(index) }
      elapsed.base[index] = 0
    }
  }
}
