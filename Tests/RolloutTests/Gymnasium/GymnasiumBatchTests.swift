import Foundation
import Rollout
import TestSupport
import Testing

@Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"), .timeLimit(.minutes(10)))
struct GymnasiumBatchTests {
  let cases: PythonEnvironments

  init() throws { cases = try PythonEnvironments() }

  func streams(_ count: Int) -> [PCG64] { (0..<count).map { PCG64(seed: UInt64(7 + $0)) } }

  func stage(
    _ id: String, count: Int = 1, stepCount: Int, limit: EpisodeLimit = .registered
  ) throws -> Stage {
    try Stage(
      GymnasiumBatch(
        "rlplay_cases:\(id)", streams: streams(count), limit: limit, python: cases.python),
      stepCount: stepCount)
  }

  @Test func `CartPole through Python is the native one, bit for bit`() throws {
    let seeds = streams(3).map { PCG64(seed: UInt64(GymnasiumBatch.seed(from: $0))) }
    let native = Stage(
      try EnvironmentConfiguration("CartPole-v1", limit: .steps(40)).makeBatch(streams: seeds),
      stepCount: 1000)
    let bridged = Stage(
      try EnvironmentConfiguration("gym:CartPole-v1", limit: .steps(40)).makeBatch(
        streams: streams(3)),
      stepCount: 1000)
    for stage in [native, bridged] {
      try stage.reset()
      // One pole falls soon, one is kept up for a while, and one gets random actions.
      var random = PCG64(seed: 1)
      let observations = stage.fragment.obs(as: Float.self)
      try stage.collect { t, index in
        switch index {
        case 0: 1
        case 1: observations[t, 1, 2] + observations[t, 1, 3] > 0 ? 1 : 0
        default: random.integer(below: 2)
        }
      }
    }
    #expect(
      native.fragment.obs(as: Float.self).elements == bridged.fragment.obs(as: Float.self).elements)
    #expect(native.fragment.rew.elements == bridged.fragment.rew.elements)
    #expect(native.fragment.fin.elements == bridged.fragment.fin.elements)
    #expect(native.fragment.stepno.elements == bridged.fragment.stepno.elements)
    #expect(native.fragment.terminated.elements == bridged.fragment.terminated.elements)
    #expect(native.fragment.truncated.elements == bridged.fragment.truncated.elements)
    let isCut = bridged.fragment.truncated.elements.contains(true)
    #expect(isCut)
    let final = try #require(native.storage.layout.finalObs.value)
    let finals: [ColumnView<Float>] = [native, bridged].map { $0.fragment.column(final) }
    #expect(finals[0].elements == finals[1].elements)
  }

  /// Checks the table in section "Time" of `docs/fragment.md`, as for native environments.
  @Test(arguments: [false, true])
  func `the rows across a reset are the documented ones`(truncates: Bool) throws {
    let stage = try stage(truncates ? "cases/Counter-v1" : "Counter-v0", stepCount: 4)
    _ = try stage.expectDocumentedReset(truncates: truncates)
  }

  @Test func `a sticky fragment repeats the reset state and goes on after it`() throws {
    let stage = try stage("Counter-v0", stepCount: 4)
    try stage.expectDocumentedStickyRows()
    stage.carry()
    try stage.collect(sticky: true)
    #expect(stage.column(stage.fragment.stepno) == [0, 1, 2, 3, 4])
  }

  @Test(arguments: [
    (EpisodeLimit.registered, [0, 1, 2, 3, 0, 1, 2, 3]),
    (.steps(3), [0, 1, 2, 0, 1, 2, 0, 1]),
    (.unlimited, [0, 1, 2, 3, 4, 5, 0, 1]),
  ])
  func `an episode is cut where it is asked to be`(limit: EpisodeLimit, steps: [Int32]) throws {
    let stage = try stage("Limited-v0", stepCount: 7, limit: limit)
    try stage.reset()
    try stage.collect()
    #expect(stage.column(stage.fragment.stepno) == steps)
  }

  @Test func `a batch that is restarted begins as a new one`() throws {
    let stage = Stage(
      try GymnasiumBatch("CartPole-v1", streams: streams(2), python: cases.python), stepCount: 3)
    let batch = try #require(stage.batch as? GymnasiumBatch)
    let observations = stage.fragment.obs(as: Float.self)
    try stage.reset()
    try stage.collect { _, _ in 1 }
    let first = observations.elements
    try stage.reset()
    try stage.collect { _, _ in 1 }
    #expect(observations.elements != first)
    batch.restart(streams: streams(2))
    try stage.reset()
    try stage.collect { _, _ in 1 }
    #expect(observations.elements == first)
    #expect(observations[0, 0] != observations[0, 1])
  }

  @Test func `a batch that renders has pictures`() throws {
    let batch = try GymnasiumBatch(
      "rlplay_cases:Counter-v0", streams: streams(2), python: cases.python, rendering: true)
    let stage = Stage(batch, stepCount: 2)
    try stage.reset()
    try stage.collect()
    let black = [UInt8](repeating: 0, count: 15)
    let picture = try batch.picture(of: 1)
    #expect(picture == Picture(width: 3, height: 2, pixels: black + [10, 20, 2]))
    #expect(try GymnasiumBatch("CartPole-v1", streams: streams(1)).picture(of: 0) == nil)
  }

  @Test func `how an episode ended is drawn for who looked at it before`() throws {
    let batch = try GymnasiumBatch(
      "rlplay_cases:Counter-v0", streams: streams(2), python: cases.python, rendering: true)
    let stage = Stage(batch, stepCount: 8)
    try stage.reset()
    #expect(try batch.finalPicture(of: 1) == nil)
    _ = try batch.picture(of: 1)
    try stage.collect()
    let black = [UInt8](repeating: 0, count: 15)
    #expect(
      try batch.finalPicture(of: 1) == Picture(width: 3, height: 2, pixels: black + [10, 20, 6]))
    #expect(try batch.picture(of: 1) == Picture(width: 3, height: 2, pixels: black + [10, 20, 2]))
    #expect(try batch.finalPicture(of: 0) == nil)
  }

  /// Returns a wrapped batch of two environments of the test module.
  private func wrapped(
    _ id: String, _ wrapper: Wrapper, outside inner: [Wrapper] = [], stepCount: Int
  ) throws -> Stage {
    let choice = EnvironmentConfiguration(
      "gym:\(id)", wrappers: inner + [wrapper], python: cases.python)
    return try Stage(choice.makeBatch(streams: streams(2)), stepCount: stepCount)
  }

  @Test func `a lost life ends an episode, without a reset`() throws {
    let stage = try wrapped("rlplay_cases:Lively-v0", .endOnLostLife, stepCount: 7)
    try stage.reset()
    try stage.collect()
    let fragment = stage.fragment
    // Lives are lost in steps 2 and 4, and the episode ends in step 6. It counts on until then.
    #expect(stage.column(fragment.fin) == [true, false, true, false, true, false, true, false])
    #expect(stage.column(fragment.stepno) == [0, 1, 0, 1, 0, 1, 0, 1])
    #expect(stage.column(fragment.obs(as: Float.self)) == [0, 1, 2, 3, 4, 5, 0, 1])
    let error = #expect(throws: (any Error).self) {
      try wrapped("rlplay_cases:Counter-v0", .endOnLostLife, stepCount: 7)
    }
    #expect("\(error.map { "\($0)" } ?? "")".contains("lives"))
  }

  @Test func `a limit outside of another wrapper begins single episodes anew`() throws {
    let stage = try wrapped(
      "rlplay_cases:Counter-v0", .timeLimit(2), outside: [.actionRepeat(2)], stepCount: 5)
    try stage.reset()
    try stage.collect()
    let fragment = stage.fragment
    // Each action makes two steps and two actions make an episode: the counter never reaches 6.
    #expect(stage.column(fragment.obs(as: Float.self)) == [0, 2, 0, 2, 0, 2])
    #expect(stage.column(fragment.truncated) == [false, true, false, true, false])
    #expect(stage.column(fragment.terminated) == [false, false, false, false, false])
  }
}
