import Testing

@testable import Rollout

/// The tables of `docs/fragment.md`, for a counter whose episodes have six steps, in fragments of four: whatever plays it.
extension Stage {
  /// Plays two fragments and holds the second against the table of "Time": the episode ends on the step from t = 1 to t = 2.
  ///
  /// - Returns: where the observations lie that a reset overwrote.
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

  /// Plays two fragments and holds the second against the table of "Sticky".
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
