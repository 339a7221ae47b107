import Actor
import Foundation
import Learner
import Rollout
import Testing

/// Tests that the tasks of the founding documents are learned with their recipes.
///
/// Collection in this process makes the result repeatable.
struct SeedTaskLearningTests {
  /// Learns from `updates` batches.
  ///
  /// - Returns: the mean returns of 100 greedy episodes before and after.
  private func train(_ recipe: String, updates: Int) throws -> (before: Double, after: Double) {
    let configuration = try TrainingConfiguration(contentsOf: RecipeTests.path(of: recipe))
    let setup = try configuration.makeSetup(seed: 1)
    let rollout = try SameProcess(setup, fragmentsPerBatch: configuration.fragmentsPerBatch)
    defer { rollout.close() }
    let update = try PolicyUpdate(
      setup.policy, configuration.objective, layout: rollout.batchLayout, weights: setup.weights,
      optimizer: configuration.makeOptimizer(setup.parameters),
      maximumGradientNorm: configuration.maximumGradientNorm)
    let evaluator = try Evaluator(
      environment: setup.environment, policy: setup.policy, seed: 2)
    let before = try evaluator.evaluate(setup.weights, episodes: 0..<100).meanReturn
    for _ in 0..<updates {
      rollout.publish(setup.weights)
      update.learn(from: try rollout.next().view)
    }
    return (before, try evaluator.evaluate(setup.weights, episodes: 0..<100).meanReturn)
  }

  @Test func `the corridor is walked straight`() throws {
    let mean = try train("corridor.json", updates: 100)
    #expect(mean.before < 0 && mean.after == 4, "\(mean)")
  }

  /// Checks the claim of the corridor's document that values are learned well in 200 updates.
  ///
  /// The value of a cell is its distance to the goal.
  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `the corridor's values are how far the goal is, and every cell leads there`(
    seed: UInt64
  ) throws {
    let configuration = try TrainingConfiguration(
      contentsOf: RecipeTests.path(of: "seed-001.json"))
    let setup = try configuration.makeSetup(seed: seed)
    let rollout = try SameProcess(setup, fragmentsPerBatch: configuration.fragmentsPerBatch)
    defer { rollout.close() }
    let layers = try LayerTable(setup.policy, for: setup.layout.contents.spaces)
    let learner = try configuration.makeLearner(
      setup, batchLayout: rollout.batchLayout, valueParameters: layers.valueParameters)
    for _ in 0..<200 {
      rollout.publish(setup.weights)
      learner.learn(from: try rollout.next())
    }
    #expect(learner.stepCount == configuration.totalSteps)
    // A fragment of a setup whose reader is unknown holds all outputs beside the inputs.
    let judged = try RolloutSetup(
      environment: setup.environment, policy: setup.policy,
      environmentCount: setup.environmentCount, stepCount: setup.stepCount, seed: seed)
    judged.weights.assign(setup.weights.elements)
    let judge = try SameProcess(judged)
    defer { judge.close() }
    let view = try judge.next().view
    let cells = view.obs(as: Int32.self)
    let (values, logits) = (try #require(view.actor("value")), try #require(view.actor("logits")))
    var seen: Set<Int32> = []
    for t in 0..<view.layout.stepCount {
      for environment in 0..<view.layout.environmentCount where cells[t, environment] < 4 {
        let cell = cells[t, environment]
        seen.insert(cell)
        #expect(abs(values[t, environment] - Float(4 - cell)) < 0.3)
        #expect(exp(logits[t, environment, 1]) > 0.7)
      }
    }
    #expect(seen == [0, 1, 2, 3])
  }

  @Test func `a cube scrambled by one turn is solved by one turn`() throws {
    let mean = try train("cube2x2-depth-1.json", updates: 500)
    #expect(mean.before < -10 && mean.after == 0, "\(mean)")
  }
}
