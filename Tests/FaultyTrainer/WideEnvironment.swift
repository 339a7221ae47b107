import Rollout

/// A task whose actions lie between 0 and 1000, of which 500 is the best: ten steps, −10 at worst
/// and 0 at best.
struct WideEnvironment: Environment {
  let observationSpace = Space.box(shape: [3], low: -1, high: 1)
  let actionSpace = Space.box(shape: [1], low: 0, high: 1000)
  let observation = SIMD3<Float>()
  private var stepCount = 0

  static func register() throws {
    try EnvironmentRegistry.shared.register("Wide-v0") { WideEnvironment() }
  }

  mutating func reset(using random: inout PCG64) { stepCount = 0 }

  mutating func step(_ action: [Float], using random: inout PCG64) -> StepOutcome {
    stepCount += 1
    return StepOutcome(
      reward: -abs(Double(action[0]) - 500) / 500, terminated: stepCount == 10)
  }
}

/// A task that draws from the clock, so that no seed repeats it.
struct RestlessEnvironment: Environment {
  let observationSpace = Space.box(shape: [], low: 0, high: 1)
  let actionSpace = Space.discrete(2)
  var observation: Float = 0

  static func register() throws {
    try EnvironmentRegistry.shared.register("Restless-v0") { RestlessEnvironment() }
  }

  mutating func reset(using random: inout PCG64) { observation = .random(in: 0...1) }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    observation = .random(in: 0...1)
    return StepOutcome(reward: 1, terminated: observation > 0.9)
  }
}
