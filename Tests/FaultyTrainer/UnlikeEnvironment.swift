import Foundation
import Rollout
import Worker

/// A task whose observations have another size in workers than in the learner.
struct UnlikeEnvironment: Environment {
  let observationSpace: Space
  let actionSpace = Space.discrete(2)
  var observation: [Float]

  static func register() throws {
    try EnvironmentRegistry.shared.register("DiffersInWorkers-v0") { UnlikeEnvironment() }
  }

  private init() {
    let isWorker = WorkerArguments.own.map { $0.work != .evaluations } ?? false
    observation = Array(repeating: 0, count: isWorker ? 3 : 2)
    observationSpace = .box(shape: [observation.count], low: 0, high: 1)
  }

  mutating func reset(using random: inout PCG64) {}

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    StepOutcome(reward: 1, terminated: true)
  }
}
