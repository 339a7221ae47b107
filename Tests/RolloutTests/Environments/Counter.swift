import Rollout

/// A deterministic environment with episodes of a chosen length.
///
/// Its observation is the number of steps of the episode and of all steps. Each reward is the
/// action.
struct Counter: Environment {
  /// The error that it throws.
  struct Broken: Error, CustomStringConvertible {
    let description: String
  }

  /// The number of steps after which an episode ends.
  var length: Int
  /// True if a limit truncates the episode at that step, instead of the task ending it.
  var truncates = false
  /// The number of steps, over all episodes, before it throws.
  var lastStep = Int.max
  /// The number of resets before it throws.
  var lastReset = Int.max

  var episodeSteps = 0
  var steps = 0
  var resets = 0

  var observationSpace: Space { .box(shape: [2], low: 0, high: .infinity) }
  var actionSpace: Space { .discrete(100) }
  var observation: SIMD2<Float> { SIMD2(Float(episodeSteps), Float(steps)) }

  mutating func reset(using random: inout PCG64) throws {
    guard resets < lastReset else { throw Broken(description: "no reset is left") }
    resets += 1
    episodeSteps = 0
  }

  mutating func step(_ action: Int, using random: inout PCG64) throws -> StepOutcome {
    guard steps < lastStep else { throw Broken(description: "the spring is worn out") }
    steps += 1
    episodeSteps += 1
    let isOver = episodeSteps == length
    return StepOutcome(
      reward: Double(action), terminated: isOver && !truncates, truncated: isOver && truncates)
  }
}
