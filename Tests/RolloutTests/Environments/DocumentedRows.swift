import Rollout
import Testing

/// The tables of `docs/fragment.md`, for a counter with six-step episodes in fragments of four.
extension Stage {
  /// Plays two fragments and compares the second with the table of "Time".
  ///
  /// The episode ends on the step from t = 1 to t = 2.
  ///
  /// - Returns: the final observations.
  func expectDocumentedReset(truncates: Bool) throws -> ColumnView<Float> {
    try reset()
    try collect()
    carry()
    try collect(act: { t, _ in 20 + t })

    #expect(column(fragment.stepno) == [4, 5, 0, 1, 2])
    #expect(column(fragment.obs(as: Float.self)) == [4, 5, 0, 1, 2])
    #expect(column(fragment.act(as: Int32.self)) == [13, 20, 21, 22, 23])
    #expect(column(fragment.rew) == [13, 20, 21, 22, 23])
    #expect(column(fragment.fin) == [false, false, true, false, false])
    let ended = [false, true, false, false]
    let never = [false, false, false, false]
    #expect(column(fragment.terminated) == (truncates ? never : ended))
    #expect(column(fragment.truncated) == (truncates ? ended : never))
    let final: ColumnView<Float> = fragment.column(try #require(fragment.layout.finalObs.value))
    #expect(column(final) == [0, 6, 0, 0])
    return final
  }

  /// Plays two fragments and compares the second with the table of "Sticky".
  func expectDocumentedStickyRows() throws {
    try reset()
    try collect(sticky: true)
    carry()
    try collect(sticky: true, act: { t, _ in 20 + t })

    #expect(column(fragment.stepno) == [4, 5, 0, 0, 0])
    #expect(column(fragment.obs(as: Float.self)) == [4, 5, 0, 0, 0])
    #expect(column(fragment.act(as: Int32.self)) == [13, 20, 21, 21, 21])
    #expect(column(fragment.rew) == [13, 20, 21, 0, 0])
    #expect(column(fragment.fin) == [false, false, true, true, true])
    #expect(column(fragment.terminated) == [false, true, false, false])
  }
}
