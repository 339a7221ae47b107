import Rollout

/// Tasks that are sound, and that evaluations find hard.
enum OddTask {
  static func registerAll() throws {
    try EnvironmentRegistry.shared.register("NeedsChance-v0") { NeedsChance() }
    try EnvironmentRegistry.shared.register("NeverEnds-v0") { NeverEnds() }
  }
}

/// Rewards both actions within eight steps, which greedy actions never are: observations are equal.
private struct NeedsChance: Environment {
  private var stepCount = 0
  private var taken: SIMD2<Int> = .zero

  var observationSpace: Space { .box(shape: [2], low: 0, high: 1) }
  var actionSpace: Space { .discrete(2) }
  var observation: SIMD2<Float> { .zero }

  mutating func reset(using random: inout PCG64) {
    stepCount = 0
    taken = .zero
  }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    stepCount += 1
    taken[action] += 1
    let isOver = stepCount == 8
    return StepOutcome(
      reward: isOver && taken[0] > 0 && taken[1] > 0 ? 1 : 0, terminated: isOver)
  }
}

/// A task without an end.
private struct NeverEnds: Environment {
  var observationSpace: Space { .box(shape: [2], low: 0, high: 1) }
  var actionSpace: Space { .discrete(2) }
  var observation: SIMD2<Float> { .zero }

  mutating func reset(using random: inout PCG64) {}

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    StepOutcome(reward: 1, terminated: false)
  }
}
