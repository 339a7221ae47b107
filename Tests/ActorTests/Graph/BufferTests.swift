import Rollout
import TestSupport
import Testing

@testable import Actor

/// Tests of buffers, the part of the weights that is not learned.
struct BufferTests {
  private static let pole = EnvironmentSpaces(
    observation: .box(shape: [4], low: -1, high: 1), action: .discrete(2))

  /// A linear policy with observations scaled by a buffer.
  private struct Scaled: Policy {
    static let kind = "scaled"

    func react(
      to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
    ) throws(PolicyError) -> Reaction {
      guard let obs = state.obs.value else { throw PolicyError("one array is needed") }
      let scale = graph.buffer("obs.scale", [4], initially: 2)
      let rows = Array(obs.shape.dropLast())
      return Reaction(
        logits: distribution.logits(
          from: graph.linear(
            obs.numeric * scale.repeated(over: rows), outputs: distribution.scoreCount,
            name: "logits")))
    }
  }

  @Test func `a buffer has its name and its slice of the weights, and draws nothing`() {
    func drawn(_ withBuffer: Bool) -> (layout: ParameterLayout, weights: [Double]) {
      let graph = Graph()
      _ = graph.parameter("before", [2], .normal(1))
      if withBuffer { _ = graph.buffer("mean", [3], initially: 0.25) }
      _ = graph.parameter("after", [2], .normal(1))
      let weights = FlatVector<Double>(repeating: .nan, count: graph.parameters.elementCount)
      var random = PCG64(seed: 3)
      graph.parameters.initialize(weights, using: &random)
      return (graph.parameters, weights.elements)
    }
    let (with, without) = (drawn(true), drawn(false))
    #expect(with.layout.entries.map(\.name) == ["before", "mean", "after"])
    #expect(with.layout.entries.map(\.isLearned) == [true, false, true])
    #expect(with.layout.entries[1].range == 2..<5)
    #expect(with.layout.elementCount == 7 && with.layout.learnedCount == 4)
    #expect(Array(with.weights[2..<5]) == [0.25, 0.25, 0.25])
    #expect(with.weights[..<2] + with.weights[5...] == without.weights[...])
  }

  @Test func `it is read like a parameter, and no gradient flows into it`() {
    let graph = Graph()
    let x = graph.parameter("x", [3], .constant(0))
    let scale = graph.buffer("scale", [3], initially: 1)
    #expect(graph.buffer("scale", [3]).id == scale.id)
    let loss = (x * scale).sum()
    let executor = Executor<Double>(graph, outputs: [], loss: loss)
    executor.weights.assign([1, 2, 3, 10, 20, 30])
    executor.weightsChanged()
    executor.forward()
    executor.backward()
    #expect(executor.value(of: loss) == 140)
    #expect(executor.gradients.elements == [10, 20, 30, 0, 0, 0])
  }

  @Test func `a layer may compute with buffers alone`() {
    let graph = Graph()
    let x = graph.parameter("x", [2, 3], .constant(0))
    let y = graph.append(
      .linear(.identity), [x, graph.buffer("w", [2, 3]), graph.buffer("b", [2])], [2, 2])
    let executor = Executor<Double>(graph, outputs: [y], loss: y.sum())
    executor.weights.assign([1, 2, 3, 4, 5, 6] + [1, 0, 0, 0, 1, 0] + [0.5, -0.5])
    executor.weightsChanged()
    executor.forward()
    executor.backward()
    #expect(executor.values(of: y) == [1.5, 1.5, 4.5, 4.5])
    #expect(executor.gradients.elements == [1, 1, 0, 1, 1, 0] + Array(repeating: 0, count: 8))
  }

  @Test func `the table of layers shows it apart`() throws {
    let table = try LayerTable(Scaled(), for: Self.pole)
    #expect(table.rows.map(\.name) == ["obs.scale", "logits"])
    #expect(table.rows.map(\.kind) == ["Buffer", "Linear"])
    #expect(table.rows.map(\.isLearned) == [false, true])
    #expect(table.rows.map(\.parameterCount) == [4, 10])
  }

  @Test(arguments: [RecurrentCore.none, .gru])
  func `what only the value depends on is known`(core: RecurrentCore) throws {
    func names(_ value: ValueHead) throws -> (all: Set<String>, value: Set<String>) {
      let table = try LayerTable(
        NetworkPolicy(inputs: [.obs], recurrent: core, value: value), for: Self.pole)
      return (Set(table.parameters.entries.map(\.name)), table.valueParameters)
    }
    #expect(try names(.none).value == [])
    #expect(try names(.shared).value == ["value.weight", "value.bias"])
    let separate = try names(.separate)
    #expect(
      separate.value == separate.all.filter { $0.hasPrefix("critic.") || $0.hasPrefix("value.") })
    #expect(separate.value.count > 2)
  }
}
