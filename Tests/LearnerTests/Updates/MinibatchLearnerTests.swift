import Actor
import Rollout
import TestSupport
import Testing

@testable import Learner

/// Tests of epochs over minibatches of a batch.
struct MinibatchLearnerTests {
  private func learner(
    _ setup: RolloutSetup, _ layout: FragmentLayout, epochs: Int, minibatches: Int,
    targetDivergence: Double = .infinity, rate: Float = 0.01
  ) throws -> MinibatchLearner {
    try MinibatchLearner(
      epochs: epochs, minibatchCount: minibatches, targetDivergence: targetDivergence,
      batchLayout: layout, random: PCG64(seed: 3)
    ) { part in
      try PolicyUpdate(
        setup.policy, ProximalPolicy(), layout: part, weights: setup.weights,
        optimizer: Adam<Float>(
          count: setup.weights.count, learningRate: rate, groups: setup.parameters.groups()))
    }
  }

  private func setup() throws -> RolloutSetup {
    try RolloutSetup(
      environment: "CartPole-v1", policy: NetworkPolicy(hidden: [16], value: .shared),
      environmentCount: 8, stepCount: 12, seed: 5)
  }

  @Test func `each pass makes a step for each part, and steps of environments count once`() throws {
    let setup = try setup()
    let rollout = try SameProcess(setup)
    let learner = try learner(setup, rollout.batchLayout, epochs: 3, minibatches: 4)
    let before = setup.weights.elements
    #expect(learner.learn(from: try rollout.next().view) == .learned)
    #expect(learner.updateCount == 12)
    #expect(learner.stepCount == 96)
    #expect(setup.weights.elements != before)
    #expect(Set(learner.takeMetrics().map(\.name)).isSuperset(of: ["clip_fraction", "approx_kl"]))
    #expect(learner.takeMetrics().isEmpty)
  }

  @Test func `one part of all environments is one step from the batch`() throws {
    let (apart, together) = (try setup(), try setup())
    let batch = try SameProcess(apart).next()
    let passes = try learner(apart, batch.layout, epochs: 1, minibatches: 1)
    let update = try PolicyUpdate(
      together.policy, ProximalPolicy(), layout: batch.layout, weights: together.weights,
      optimizer: Adam<Float>(
        count: together.weights.count, learningRate: 0.01, groups: together.parameters.groups()))
    passes.learn(from: batch.view)
    update.learn(from: batch.view)
    // The environments are in another order, which changes the rounding of sums. Adam's first step
    // does not depend on the gradient's size.
    let difference = firstDifference(
      apart.weights.elements.map { Double($0) }, together.weights.elements.map { Double($0) },
      absolute: 1e-4)
    #expect(difference == nil, "\(difference ?? "")")
  }

  @Test func `the rest of a batch is left alone once policies are too far apart`() throws {
    let setup = try setup()
    let batch = try SameProcess(setup).next()
    let learner = try learner(
      setup, batch.layout, epochs: 10, minibatches: 2, targetDivergence: 0.001, rate: 0.05)
    #expect(learner.learn(from: batch.view) == .learned)
    // The policy of the first minibatch is the behavior policy, so its step is always made.
    #expect((1..<20).contains(learner.updateCount))
    #expect(learner.stepCount == 96)
  }

  @Test
  func `a part that is skipped costs that part alone, and a batch counts as skipped when all are`()
    throws
  {
    let setup = try setup()
    let batch = try SameProcess(setup).next()
    let learner = try learner(setup, batch.layout, epochs: 1, minibatches: 4)
    batch.view.rew[5, 3] = .nan
    #expect(learner.learn(from: batch.view) == .learnedInPart)
    #expect(learner.updateCount == 3 && learner.skippedCount == 1)
    for environment in 0..<8 { batch.view.rew[5, environment] = .infinity }
    let before = setup.weights.elements
    #expect(learner.learn(from: batch.view) == .skipped)
    #expect(learner.updateCount == 3 && learner.skippedCount == 5)
    #expect(setup.weights.elements == before)
  }

  @Test(
    arguments: [
      ([], .learned), ([.tooFar], .learned), ([.certain, .certain], .certain),
      ([.certain, .nearlyCertain], .nearlyCertain),
      ([.nearlyCertain, .learned], .learned), ([.nearlyCertain, .tooFar], .learned),
      ([.skipped, .nearlyCertain], .learnedInPart), ([.certain, .tooFar], .learned),
      ([.learned, .certain], .learned), ([.skipped], .skipped),
      ([.skipped, .tooFar], .skipped), ([.learned, .skipped], .learnedInPart),
      ([.skipped, .certain], .learnedInPart),
    ] as [([UpdateOutcome], UpdateOutcome)])
  func `what became of a batch follows from its parts`(
    outcomes: [UpdateOutcome], outcome: UpdateOutcome
  ) {
    var parts = PartOutcomes()
    for outcome in outcomes { parts.add(outcome) }
    #expect(parts.outcome == outcome)
  }

  @Test func `one stream gives one order`() throws {
    func run() throws -> [Float] {
      let setup = try setup()
      let rollout = try SameProcess(setup)
      let learner = try learner(setup, rollout.batchLayout, epochs: 2, minibatches: 4)
      for _ in 0..<3 {
        rollout.publish(setup.weights)
        learner.learn(from: try rollout.next().view)
      }
      return setup.weights.elements
    }
    #expect(try run() == run())
  }
}
