import Rollout

/// CartPole without a limit on its steps, `gym.make("CartPole-v0").unwrapped` of the overview.
struct Cart: Environment {
  static var actionNames: [String] { ["left", "right"] }
  var inner = CartPole()

  var observationSpace: Space { inner.observationSpace }
  var actionSpace: Space { inner.actionSpace }
  /// The state in float32; write `var seen = …; seen[0] = 0` here to hide the position.
  var observation: SIMD4<Float> { inner.observation }

  mutating func reset(using random: inout PCG64) { inner.reset(using: &random) }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    inner.step(action, using: &random)
  }
}
