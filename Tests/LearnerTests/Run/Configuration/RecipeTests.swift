import Actor
import Foundation
import Learner
import Rollout
import TestSupport
import Testing

/// Tests that every recipe is complete and can be trained with.
@Suite struct RecipeTests {
  private static let directory: URL = {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<5 { root.deleteLastPathComponent() }
    return root.appendingPathComponent("Recipes", isDirectory: true)
  }()

  static let names =
    (try? FileManager.default.contentsOfDirectory(atPath: directory.path))?
    .filter { $0.hasSuffix(".json") }.sorted() ?? []

  /// Returns the path of a recipe.
  static func path(of name: String) -> String { directory.appendingPathComponent(name).path }

  /// The recipes whose environment can be made here; those of Gymnasium may need its extras, and
  /// MuJoCo's need MuJoCo.
  static let playable = names.filter { name in
    guard let recipe = try? TrainingConfiguration(contentsOf: path(of: name)) else { return true }
    if recipe.environment.id.hasPrefix("mujoco:") { return Python.hasMuJoCo }
    guard recipe.environment.id.hasPrefix("gym:") else { return true }
    let id = recipe.environment.id.dropFirst("gym:".count)
    return (try? Python.run(["-c", "import gymnasium; gymnasium.make('\(id)')"])) != nil
  }

  @Test func `there are recipes`() {
    #expect(Self.names.contains("seed-003.json"))
  }

  @Test(arguments: names)
  func `a recipe loads and is valid`(name: String) throws {
    try TrainingConfiguration(contentsOf: Self.path(of: name)).validate()
  }

  @Test(arguments: playable)
  func `a recipe names a known environment`(name: String) throws {
    let recipe = try TrainingConfiguration(contentsOf: Self.path(of: name))
    #expect(throws: Never.self) {
      try recipe.environment.makeBatch(streams: [PCG64(seed: 0)])
    }
  }

  @Test(arguments: playable)
  func `a recipe learns from its first batches`(name: String) throws {
    let recipe = try TrainingConfiguration(contentsOf: Self.path(of: name))
    let setup = try recipe.makeSetup(seed: 1)
    let rollout = try SameProcess(setup, fragmentsPerBatch: recipe.fragmentsPerBatch)
    defer { rollout.close() }
    let layers = try LayerTable(setup.policy, for: setup.layout.contents.spaces)
    let learner = try recipe.makeLearner(
      setup, batchLayout: rollout.batchLayout, valueParameters: layers.valueParameters)
    let before = setup.weights.elements
    // Learning from replay starts after some steps, and a batch has at least one.
    for _ in 0..<recipe.learningStarts + 10 where learner.updateCount < 3 {
      rollout.publish(setup.weights)
      #expect(learner.learn(from: try rollout.next()) == .learned)
    }
    #expect(learner.updateCount >= 3 && learner.skippedCount == 0 && learner.lastLoss.isFinite)
    let after = setup.weights.elements
    #expect(after.allSatisfy { $0.isFinite })
    let moved = setup.parameters.entries.filter { entry in
      entry.isLearned && entry.range.contains { after[$0] != before[$0] }
    }
    #expect(!moved.isEmpty)
  }

  @Test(arguments: names)
  func `a recipe says what its task is`(name: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: Self.path(of: name)))
    let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    let about = try #require(object["about"] as? [String: String])
    #expect(about["task"]?.hasSuffix(".") == true)
  }

  /// The defaults have changed since, for better learning; the recipe has the original values.
  @Test func `the seed's recipe is the experiment as it was`() throws {
    let recipe = try TrainingConfiguration(
      contentsOf: Self.directory.appendingPathComponent("seed-003.json").path)
    var expected = TrainingConfiguration()
    expected.environment = EnvironmentConfiguration("CartPole-v0", limit: .unlimited)
    expected.hiddenSizes = [32]
    expected.activation = .relu
    expected.sharedTorso = true
    expected.gamma = 0.99
    expected.entropyCost = 0.01
    expected.baseline = .none
    expected.maximumGradientNorm = .infinity
    expected.rhoClip = .infinity
    expected.learningRate = 0.01
    expected.valueLearningRate = nil
    expected.evaluateEvery = 40_000
    expected.evaluationEpisodes = 4
    expected.evaluationEpisodeSteps = .steps(500)
    #expect(recipe == expected)
  }
}
