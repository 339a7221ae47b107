import Actor
import Foundation
import Rollout
import Testing

@testable import Learner

/// That the seeds' own tasks are learnt with their recipes, in this process so that it repeats.
struct SeedTaskLearningTests {
  /// Learns from so many batches, and returns the mean return of 100 greedy episodes before and after.
  private func train(_ recipe: String, updates: Int) throws -> (before: Double, after: Double) {
    let configuration = try TrainingConfiguration(contentsOf: RecipeTests.path(of: recipe))
    let setup = try configuration.makeSetup(seed: 1)
    let rollout = try SameProcess(setup, fragmentsPerBatch: configuration.fragmentsPerBatch)
    defer { rollout.close() }
    let update = try PolicyUpdate(
      setup.policy, configuration.objective, layout: rollout.batchLayout, weights: setup.weights,
      optimiser: configuration.makeOptimiser(setup.parameters),
      maximumGradientNorm: configuration.maximumGradientNorm)
    let evaluator = try Evaluator(
      environment: setup.environment, policy: setup.policy, seed: 2)
    let before = try evaluator.evaluate(setup.weights, episodes: 0..<100).meanReturn
    for _ in 0..<updates { update.learn(from: try rollout.next().view) }
    return (before, try evaluator.evaluate(setup.weights, episodes: 0..<100).meanReturn)
  }

  @Test func `the corridor is walked straight`() throws {
    let mean = try train("corridor.json", updates: 100)
    #expect(mean.before < 0 && mean.after == 4, "\(mean)")
  }

  @Test func `a cube scrambled by one turn is solved by one turn`() throws {
    let mean = try train("cube2x2-depth-1.json", updates: 500)
    #expect(mean.before < -10 && mean.after == 0, "\(mean)")
  }
}
