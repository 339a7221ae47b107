import Foundation
import Rollout
import Testing

@testable import Learner

/// Every recipe can be trained from as it stands.
@Suite struct RecipeTests {
  private static let directory: URL = {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    return root.appendingPathComponent("Recipes", isDirectory: true)
  }()

  static let names =
    (try? FileManager.default.contentsOfDirectory(atPath: directory.path))?
    .filter { $0.hasSuffix(".json") }.sorted() ?? []

  /// The file of a recipe.
  static func path(of name: String) -> String { directory.appendingPathComponent(name).path }

  @Test func `there are recipes`() {
    #expect(Self.names.contains("seed-003.json"))
  }

  @Test(arguments: names)
  func `a recipe loads, is valid and names a known environment`(name: String) throws {
    let recipe = try TrainingConfiguration(
      contentsOf: Self.directory.appendingPathComponent(name).path)
    try recipe.validate()
    #expect(throws: Never.self) {
      try recipe.environment.makeBatch(streams: [PCG64(seed: 0)])
    }
  }

  /// What the defaults have since changed for the sake of learning is in the recipe as it was.
  @Test func `the seed's recipe is the experiment as it was`() throws {
    let recipe = try TrainingConfiguration(
      contentsOf: Self.directory.appendingPathComponent("seed-003.json").path)
    var expected = TrainingConfiguration()
    expected.environment = EnvironmentChoice("CartPole-v0", limit: .unlimited)
    expected.hiddenSizes = [32]
    expected.baseline = .none
    expected.rhoClip = .infinity
    expected.learningRate = 0.01
    expected.evaluateEvery = 40_000
    expected.evaluationEpisodes = 4
    expected.evaluationEpisodeSteps = .steps(500)
    #expect(recipe == expected)
  }
}
