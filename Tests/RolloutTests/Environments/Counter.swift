import Rollout

/// An environment that does nothing by chance: its observation counts the steps of the episode and
/// all steps, each reward is the action, and an episode has a chosen length.
struct Counter: Environment {
  /// What it throws.
  struct Broken: Error, CustomStringConvertible {
    let description: String
  }

  /// Steps after which the task ends an episode.
  var length: Int
  /// Whether a limit cuts the episode at that step instead.
  var truncates = false
  /// How many steps it plays altogether before it throws.
  var lastStep = Int.max
  /// How many resets it makes before it throws.
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
