import Actor
import Learner
import Rollout
import TestSupport
import Testing

/// Tests that an update of parameters leaves buffers unchanged.
struct BufferUpdateTests {
  private static let spaces = EnvironmentSpaces(
    observation: .box(shape: [4], low: -1, high: 1), action: .discrete(2))

  /// A linear policy on observations scaled by a buffer, which lies between the parameters.
  private struct Scaled: Policy {
    static let kind = "scaled"

    func react(
      to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
    ) throws(PolicyError) -> Reaction {
      guard let obs = state.obs.value else { throw PolicyError("one array is needed") }
      let bias = graph.parameter("shift", [4], .constant(0.5))
      let scale = graph.buffer("obs.scale", [4], initially: 2)
      let rows = Array(obs.shape.dropLast())
      let x = obs.numeric * scale.repeated(over: rows) + bias.repeated(over: rows)
      return Reaction(
        logits: distribution.logits(
          from: graph.linear(x, outputs: distribution.scoreCount, name: "logits")))
    }
  }

  @Test func `an update leaves buffers bit for bit alone, weight decay included`() throws {
    let signature = try PolicySignature(Scaled(), for: Self.spaces)
    let layout = FragmentLayout(
      stepCount: 6, environmentCount: 3, contents: signature.contents(Self.spaces))
    let storage = FragmentStorage(layout)
    var random = PCG64(seed: 2)
    for row in 0...6 {
      for environment in 0..<3 {
        storage.view.rew[row, environment] = Float(random.standardNormal())
        for element in 0..<4 {
          storage.view.obs(as: Float.self)[row, environment, element] = Float(
            random.uniform(-1, 1))
        }
      }
    }
    let weights = FlatVector<Float>(repeating: 0, count: signature.parameters.elementCount)
    signature.parameters.initialize(weights, using: &random)
    // A number beyond the limit of learned weights, such as a count.
    weights[4] = 1e9
    weights[5] = 0.3
    let before = weights.elements
    let update = try PolicyUpdate(
      Scaled(), Reinforce(), layout: layout, weights: weights,
      optimizer: Adam<Float>(
        count: weights.count, learningRate: 0.01, weightDecay: 0.1,
        groups: signature.parameters.groups()))
    weights[4] = 1.5
    #expect(update.learn(from: storage.view) == .learned)
    weights[4] = 1e9
    // With so large a factor one action has probability 1.
    #expect(update.learn(from: storage.view) == .certain)
    for entry in signature.parameters.entries {
      for place in entry.range {
        #expect((weights[place] == before[place]) == !entry.isLearned, "\(entry.name)")
      }
    }
  }

  @Test func `a table of layers counts buffers apart`() throws {
    #expect(
      try LayerTable(Scaled(), for: Self.spaces).text == """
        network                           output   parameters
        shift       Parameter                  4            4
        obs.scale   Buffer, not learned        4            4
        logits      Linear                     2           10
        14 parameters, 4 numbers not learned, inputs: obs 4
        """)
  }
}
