import Glibc
import Rollout

/// An environment that ends every worker in its 38th step.
///
/// With 25 steps per fragment, this is in the middle of the second. The environment holds no
/// references, so a worker's successor resumes before the step in which its predecessor died.
struct CrashingEnvironment: Environment {
  private var stepCount = 0

  var observationSpace: Space { .box(shape: [2], low: 0, high: 1) }
  var actionSpace: Space { .discrete(2) }
  var observation: SIMD2<Float> { SIMD2(Float(stepCount % 2), 1) }

  static func register() throws {
    try EnvironmentRegistry.shared.register("CrashesAtStep38-v0") { CrashingEnvironment() }
  }

  mutating func reset(using random: inout PCG64) {}

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    stepCount += 1
    if stepCount == 38 { exit(3) }
    return StepOutcome(reward: 1, terminated: stepCount % 10 == 0)
  }
}
