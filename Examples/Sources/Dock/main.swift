import Rollout
import RolloutCommand

/// A boat that has to come to rest at a pier; Examples/Python/dock.py is the same task.
struct Dock: Environment {
  var (position, speed) = (0.0, 0.0)

  static let actionNames = ["back", "drift", "ahead"]
  var actionSpace: Space { .discrete(3) }
  var observationSpace: Space { .box(shape: [2], low: -.infinity, high: .infinity) }
  var observation: SIMD2<Float> { SIMD2(Float(position), Float(speed)) }

  mutating func reset(using random: inout PCG64) {
    (position, speed) = (random.uniform(-2, 2), 0)
  }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    speed += 0.1 * Double(action - 1)
    position += 0.1 * speed
    return StepOutcome(reward: -0.1 * position * position)
  }
}

try EnvironmentRegistry.shared.register(
  "Dock-v0", summary: "Come to rest at a pier.", maximumEpisodeSteps: 100
) { Dock() }

// From here on this is `rlplay`, and so are its workers.
Program.main(name: "Dock")
