// The names that snippets of the documentation use without declaring them. `check_snippets.py`
// type-checks each snippet inside an extension of `Example`; nothing here is ever run.

import Actor
import Learner
import Rollout
import Worker

/// A custom environment.
struct Mine: Environment {
  var position = 0.0
  var size = 5

  init(size: Int = 5) { self.size = size }

  var observationSpace: Space { .discrete(8) }
  var actionSpace: Space { .discrete(2) }
  var observation: Int { 0 }

  mutating func reset(using random: inout PCG64) {}

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    StepOutcome(reward: 0, terminated: true)
  }
}

/// A custom wrapper of an environment.
struct Slippery<Base: Environment>: Environment {
  var base: Base

  var observationSpace: Space { base.observationSpace }
  var actionSpace: Space { base.actionSpace }
  var observation: Base.Observation { base.observation }

  mutating func reset(using random: inout PCG64) throws { try base.reset(using: &random) }

  mutating func step(_ action: Base.Action, using random: inout PCG64) throws -> StepOutcome {
    try base.step(action, using: &random)
  }
}

/// A custom environment that continues from snapshots.
struct Maze: Environment {
  var position = 0
  var walls: [Int] = []

  var observationSpace: Space { .discrete(8) }
  var actionSpace: Space { .discrete(2) }
  var observation: Int { position }

  mutating func reset(using random: inout PCG64) {}

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    StepOutcome(reward: 0, terminated: true)
  }
}

extension Algorithm {
  /// A custom algorithm.
  static let simple = Algorithm(
    name: "simple", options: policyOptions, objective: { _, _ in Reinforce() })
}

final class Example {
  // The graph and the loss.
  var graph: Graph { fatalError() }
  var logits: Tensor { fatalError() }
  var loss: Tensor { fatalError() }
  var logPi: Tensor { fatalError() }
  var logMu: Tensor { fatalError() }
  var returns: Tensor { fatalError() }
  var rhoClip: Double { fatalError() }
  var score: Tensor { fatalError() }
  var entropy: Tensor { fatalError() }
  var entropyCost: Schedule { fatalError() }
  var metrics: [TracedLoss.Metric] { fatalError() }
  var value: Tensor { fatalError() }
  var obs: Tensor { fatalError() }
  var finalObs: Tensor { fatalError() }
  var next: TracedState { fatalError() }

  // Fragments and environments.
  var batch: FragmentBatch { fatalError() }
  var t: Int { fatalError() }
  var b: Int { fatalError() }
  var fragment: TracedFragment { fatalError() }
  var streams: RandomStreams { fatalError() }
  var spaces: EnvironmentSpaces { fatalError() }
  var parameters: [EnvironmentParameter] { fatalError() }
  var image: Space { fatalError() }
  var box: Space { fatalError() }

  // Collection and updates.
  var policy: NetworkPolicy { fatalError() }
  var setup: RolloutSetup { fatalError() }
  var rollout: any RolloutCollector { fatalError() }
  var update: PolicyUpdate { fatalError() }
  var configuration: TrainingConfiguration { fatalError() }
  var directory: RunDirectory { fatalError() }

  // A loop of one's own.
  var environments: any EnvironmentBatch { fatalError() }
  var actor: PolicyActor { fatalError() }
  var layout: FragmentLayout { fatalError() }
  var buffer: FragmentBatch { fatalError() }
  var loop: CollectLoop { fatalError() }

  // Snapshots and states.
  var count = 0
  var position = 0
  var board = [0]
  var cell = 0
  var cells = [0]
  var inner: any Restorable { fatalError() }
}
