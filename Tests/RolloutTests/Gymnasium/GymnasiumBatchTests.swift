import Foundation
import Rollout
import TestSupport
import Testing

@Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"), .timeLimit(.minutes(2)))
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
      try EnvironmentRegistry.shared.makeBatch("CartPole-v1", streams: seeds, limit: .steps(40)),
      stepCount: 1000)
    let bridged = Stage(
      try EnvironmentRegistry.shared.makeBatch(
        "gym:CartPole-v1", streams: streams(3), limit: .steps(40)),
      stepCount: 1000)
    for stage in [native, bridged] {
      try stage.reset()
      // One environment falls at once, one sways, one is played at random.
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
}
