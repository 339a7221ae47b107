/// A wrapper that begins each episode with action 1 and, if there is one, action 2.
///
/// Action 1 is FIRE in games of Atari's that wait for it. Rewards of these steps are discarded. If
/// one of them ends the episode, the next one is played in the episode that follows.
///
/// Source: `FireResetEnv` of OpenAI Baselines, which plays both actions.
package final class FireOnResetBatch: WrappedBatch {
  /// The actions, in the order in which they are played.
  private let actions: ClosedRange<Int32>
  private let stands: FlatVector<Bool>

  /// Wraps a batch.
  ///
  /// - Throws: `SpaceMismatch` if the action space is not Discrete with at least two actions.
  package init(_ inner: any EnvironmentBatch) throws(SpaceMismatch) {
    guard case .discrete(let count) = inner.spaces.action, count >= 2 else {
      throw SpaceMismatch(
        description: """
          the actions are \(inner.spaces.action) and must be a Discrete space with FIRE as action 1
          """)
    }
    actions = 1...Int32(min(count - 1, 2))
    stands = FlatVector(repeating: false, count: inner.count)
    super.init(inner)
  }

  override func settle(_ position: PositionMarker) throws {
    var isAnyBegun = false
    for index in 0..<count {
      stands[index] = !begins[index]
      if begins[index] { isAnyBegun = true }
    }
    guard isAnyBegun else { return }
    for action in actions {
      for index in 0..<count where begins[index] { action.store(in: rows.after.act(index)) }
      try stepInner(waiting: RowValues(stands), position)
    }
  }
}
