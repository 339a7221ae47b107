import Foundation
import Rollout
import TestSupport
import Testing

/// Replays the recorded runs of Gymnasium.
///
/// Resets and observations have to be equal bit for bit. Reset states are equal by construction.
/// Later states depend on sine and cosine, which are NumPy's there and the C library's here. NumPy
/// 2.4.6 (AVX-512) and glibc agreed on each of two million angles within ±0.5. With a C library
/// that is off by an ulp of a Double, an observation would differ only at a rounding boundary.
struct CartPoleTests {
  /// The recorded files by id, with the steps per episode.
  static let recordings = [
    ("CartPole-v0", "gymnasium_cartpole_v0"), ("CartPole-v1", "gymnasium_cartpole_v1"),
  ]

  @Test(arguments: recordings)
  func `every run is Gymnasium's, bit for bit`(id: String, file: String) throws {
    try GymnasiumRecording(id: id, file: file).follow({ CartPole() }, action: { Int($0.number) })
  }

  @Test func `a reset is Gymnasium's to the last bit of a Double`() {
    // gymnasium 1.4: env.reset(seed=…); env.unwrapped.state
    let states: [(UInt64, SIMD4<Double>)] = [
      (
        0,
        [
          0.013696168732145436, -0.02302132862361297, -0.045902647606380534,
          -0.04834723644714709,
        ]
      ),
      (
        1,
        [
          0.0011821624700256717, 0.045046369632593536, -0.03558403872803663,
          0.04486494471372439,
        ]
      ),
      (
        42,
        [
          0.027395604855596334, -0.006112156024794771, 0.03585979199113824,
          0.019736802905936393,
        ]
      ),
      (
        123,
        [
          0.018235186324814343, -0.04461789811977773, -0.027964012722738865,
          -0.03156281893013303,
        ]
      ),
    ]
    for (seed, state) in states {
      var environment = CartPole()
      var random = PCG64(seed: seed)
      environment.reset(using: &random)
      #expect(environment.state == state)
    }
  }

  @Test func `equal seeds give equal episodes and other seeds others`() {
    func play(_ seed: UInt64) -> [SIMD4<Float>] {
      var environment = CartPole()
      var random = PCG64(seed: seed)
      environment.reset(using: &random)
      return (0..<9).map { step in
        _ = environment.step(step & 1, using: &random)
        return environment.observation
      }
    }
    #expect(play(1) == play(1))
    #expect(play(1) != play(2))
  }

  @Test func `both limits end an episode on either side`() {
    let position = 2.4
    let angle = 12 * 2 * Double.pi / 360
    let states: [(SIMD4<Double>, Bool)] = [
      ([position, 0, 0, 0], false), ([position.nextUp, 0, 0, 0], true),
      ([-position, 0, 0, 0], false), ([(-position).nextDown, 0, 0, 0], true),
      ([0, 0, angle, 0], false), ([0, 0, angle.nextUp, 0], true),
      ([0, 0, -angle, 0], false), ([0, 0, (-angle).nextDown, 0], true),
    ]
    for (state, terminated) in states {
      // Position and angle are updated with the old velocities, which are zero.
      var environment = CartPole()
      environment.state = state
      var random = PCG64(seed: 0)
      let outcome = environment.step(1, using: &random)
      #expect(outcome == StepOutcome(reward: 1, terminated: terminated))
    }
  }

  @Test func `an action that is neither left nor right traps`() async {
    await #expect(processExitsWith: .failure) {
      var environment = CartPole()
      var random = PCG64(seed: 0)
      _ = environment.step(2, using: &random)
    }
  }
}

struct TimeLimitTests {
  func play(_ limit: Int?, length: Int) throws -> [StepOutcome] {
    let registry = EnvironmentRegistry()
    try registry.register("Counter-v0", maximumEpisodeSteps: limit) { Counter(length: length) }
    let stage = Stage(
      try EnvironmentConfiguration("Counter-v0")
        .makeBatch(streams: [PCG64(seed: 0)], in: registry),
      stepCount: 4)
    try stage.reset()
    try stage.collect { _, _ in 1 }
    let fragment = stage.fragment
    return (0..<4).map { t in
      StepOutcome(
        reward: Double(fragment.rew[t + 1, 0]), terminated: fragment.terminated[t, 0],
        truncated: fragment.truncated[t, 0])
    }
  }

  @Test func `the step that reaches the limit is truncated`() throws {
    let outcomes = try play(2, length: 9)
    #expect(outcomes.map(\.truncated) == [false, true, false, true])
    #expect(outcomes.map(\.terminated) == [false, false, false, false])
  }

  @Test func `an episode that ends at its limit is both terminated and truncated`() throws {
    let outcome = try play(3, length: 3)[2]
    #expect(outcome.terminated && outcome.truncated)
  }

  @Test func `no limit truncates nothing`() throws {
    #expect(try play(nil, length: 9).allSatisfy { !$0.truncated })
  }

  @Test func `a reset begins the count anew`() throws {
    let stage = Stage(
      try TimeLimitBatch(batch([Counter(length: 9)]), steps: 2), stepCount: 2)
    for _ in 0..<3 {
      try stage.reset()
      try stage.collect { _, _ in 1 }
      #expect(!stage.fragment.truncated[0, 0])
      #expect(stage.fragment.truncated[1, 0])
    }
  }
}
