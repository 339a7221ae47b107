import Rollout

/// A ball that falls diagonally and bounces off walls, and a paddle that has to catch it.
struct Catch: Environment {
  var (column, drift, height, paddle) = (0, 0, 0, 0)

  var actionSpace: Space { .discrete(3) }  // To the left, stay, to the right.
  var observationSpace: Space { .multiDiscrete([9, 2, 11, 9]) }
  var observation: SIMD4<Int32> {
    SIMD4(Int32(column), drift > 0 ? 1 : 0, Int32(height), Int32(paddle))
  }

  /// Begins an episode; all randomness comes from the stream, which makes runs repeatable.
  mutating func reset(using random: inout PCG64) {
    (column, drift) = (random.integer(below: 9), 2 * random.integer(below: 2) - 1)
    (height, paddle) = (10, 4)
  }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    paddle = min(8, max(0, paddle + action - 1))
    (column, height) = (column + drift, height - 1)
    if column < 0 || column > 8 {
      column = column < 0 ? 1 : 7
      drift = -drift
    }
    guard height == 0 else { return StepOutcome(reward: 0) }
    return StepOutcome(reward: column == paddle ? 1 : -1, terminated: true)
  }
}
