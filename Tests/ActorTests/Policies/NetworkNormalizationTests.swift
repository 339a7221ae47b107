import Foundation
import Rollout
import Testing

@testable import Actor

/// Tests of observations normalized by statistics in the weights.
struct NetworkNormalizationTests {
  private static let both = NetworkNormalization(observations: true, rewards: true)

  @Test
  func `numbers are shifted, scaled and clipped column by column, and what is not finite is NaN`() {
    let graph = Graph()
    let numbers = graph.input([2, 2, 3])
    let result = graph.normalized(numbers, named: "obs")
    let names = graph.parameters.entries.map(\.name)
    #expect(names == ["normalizer.obs.mean", "normalizer.obs.scale"])
    #expect(graph.parameters.learnedCount == 0)
    let weights = FlatVector<Double>(repeating: 0, count: 6)
    var random = PCG64(seed: 1)
    graph.parameters.initialize(weights, using: &random)
    #expect(weights.elements == [0, 0, 0, 1, 1, 1])
    weights.assign([1, -2, 0, 2, 0.5, 1])
    let executor = Executor<Double>(graph, outputs: [result], weights: weights)
    executor.set(numbers, to: [1, 2, 3, 4, 5, -40, 7, -8, 9, .nan, 200, .infinity])
    executor.weightsChanged()
    executor.forward()
    let values = executor.values(of: result)
    #expect(values[0..<9] == [0, 2, 3, 6, 3.5, -10, 10, -3, 9])
    // Infinity becomes NaN, since clipping would hide it.
    #expect(values[9].isNaN && values[10] == 10 && values[11].isNaN)
  }

  @Test func `Boxes of floats have buffers, which all of a policy's networks share`() throws {
    let names = [
      "normalizer.return.scale", "normalizer.obs.camera.mean", "normalizer.obs.camera.scale",
      "normalizer.obs.precise.mean", "normalizer.obs.precise.scale",
    ]
    let network = NetworkPolicy(hidden: [6], value: .separate, normalization: Self.both)
    let plain = NetworkPolicy(hidden: [6], value: .separate)
    let pairs: [(any Policy, any Policy)] = [
      (network, plain),
      (
        QNetworkPolicy(NetworkPolicy(hidden: [6], normalization: Self.both)),
        QNetworkPolicy(NetworkPolicy(hidden: [6]))
      ),
    ]
    for (policy, other) in pairs {
      let with = try PolicySignature(policy, for: Scene.spaces).parameters
      let without = try PolicySignature(other, for: Scene.spaces).parameters
      let added = with.entries.filter { $0.name.hasPrefix("normalizer.") }
      #expect(added.map(\.name) == names)
      #expect(added.map(\.elementCount) == [1, 6, 6, 2, 2] && added.allSatisfy { !$0.isLearned })
      #expect(
        with.entries.filter { !$0.name.hasPrefix("normalizer.") }.map(\.name)
          == without.entries.map(\.name))
    }
  }

  @Test func `where nothing can be normalized the policy says so`() throws {
    let policy = NetworkPolicy(normalization: .init(observations: true))
    let choice = EnvironmentSpaces(observation: .discrete(4), action: .discrete(2))
    var error = #expect(throws: PolicyError.self) { try PolicySignature(policy, for: choice) }
    #expect(error?.description.contains("no input is one: the observation is Discrete") == true)
    var blind = policy
    blind.inputs = [.rew, .stepno]
    error = #expect(throws: PolicyError.self) { try PolicySignature(blind, for: Scene.spaces) }
    #expect(error?.description.contains("observation-normalization is for") == true)
  }

  @Test func `a policy that normalizes nothing is written as ever, and one that does comes back`()
    throws
  {
    #expect(!PolicyRegistry.encode(NetworkPolicy()).contains("normalization"))
    let policy = NetworkPolicy(normalization: Self.both)
    let text = PolicyRegistry.encode(policy)
    #expect(try PolicyRegistry.decode(text) as? NetworkPolicy == policy)
  }
}
