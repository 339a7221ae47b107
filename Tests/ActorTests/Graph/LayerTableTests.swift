import Actor
import Rollout
import Testing

/// Tests of the table of layers read off a policy's graph.
struct LayerTableTests {
  private static let pole = EnvironmentSpaces(
    observation: .box(shape: [4], low: -1, high: 1), action: .discrete(2))

  /// Returns rows as text: name, kind, activation, output, parameters.
  private func rows(_ policy: any Policy, _ spaces: EnvironmentSpaces = pole) throws -> [String] {
    try LayerTable(policy, for: spaces).rows.map { row in
      let activation = row.activation.map { "+\($0.rawValue)" } ?? ""
      return "\(row.name) \(row.kind)\(activation) \(row.output) \(row.parameterCount)"
    }
  }

  private func inputs(_ policy: any Policy, _ spaces: EnvironmentSpaces = pole) throws -> [String] {
    try LayerTable(policy, for: spaces).inputs.map { "\($0.name) \($0.shape)" }
  }

  @Test func `the seed's network has an embedding and two linear layers`() throws {
    #expect(
      try rows(NetworkPolicy()) == [
        "act Embedding [4] 8", "hidden Linear+relu [32] 288", "logits Linear [2] 66",
      ])
    #expect(try inputs(NetworkPolicy()) == ["obs [4]", "act []"])
    #expect(try LayerTable(NetworkPolicy(), for: Self.pole).parameters.elementCount == 362)
  }

  @Test func `what the network does not see is no input`() throws {
    #expect(
      try inputs(NetworkPolicy(inputs: [.fin, .stepno])) == ["stepno []", "fin []"])
    let masked = EnvironmentSpaces(
      observation: .dict([
        SpaceField("action_mask", .multiBinary(2)), SpaceField("speed", .discrete(3)),
      ]), action: .discrete(2))
    #expect(
      try inputs(NetworkPolicy(inputs: [.obs]), masked) == ["obs.action_mask [2]", "obs.speed []"])
  }

  @Test(arguments: [Activation.silu, .gelu, .elu])
  func `an activation is told whether it is fused or follows`(activation: Activation) throws {
    #expect(
      try rows(NetworkPolicy(inputs: [.obs], hidden: [5, 6], activation: activation)) == [
        "hidden.0 Linear+\(activation.rawValue) [5] 25",
        "hidden.1 Linear+\(activation.rawValue) [6] 36", "logits Linear [2] 14",
      ])
    #expect(
      try rows(NetworkPolicy(inputs: [.obs], hidden: [5], activation: .identity)) == [
        "hidden Linear [5] 25", "logits Linear [2] 12",
      ])
  }

  @Test func `convolutions have their image's shape, and a bias may be missing`() throws {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [3, 64, 48], low: 0, high: 255, elementType: .uint8),
      action: .discrete(2))
    #expect(
      try rows(
        NetworkPolicy(inputs: [.obs, .stepno], torso: .nature, hidden: [7], value: .separate),
        spaces) == [
          // (64 − 8) / 4 + 1 = 15 by 11, then 6 by 4, then 4 by 2; 64 · 4 · 2 + 4 = 516 columns.
          "obs.0 Conv2d+relu [32, 15, 11] 6176", "obs.2 Conv2d+relu [64, 6, 4] 32832",
          "obs.4 Conv2d+relu [64, 4, 2] 36928", "stepno Linear [4] 252",
          "hidden Linear+relu [7] 3619", "logits Linear [2] 16",
          "critic.obs.0 Conv2d+relu [32, 15, 11] 6176",
          "critic.obs.2 Conv2d+relu [64, 6, 4] 32832", "critic.obs.4 Conv2d+relu [64, 4, 2] 36928",
          "critic.stepno Linear [4] 252", "critic.hidden Linear+relu [7] 3619",
          "value Linear [1] 8",
        ])
  }

  @Test func `a core is one row however many layers it has`() throws {
    // Each unit has four or three gates, each with input weights, recurrent weights and two biases.
    #expect(
      try rows(
        NetworkPolicy(
          inputs: [.obs], hidden: [], recurrent: .lstm, recurrentSize: 6, recurrentLayers: 2)) == [
          // 4 · 6 · (4 + 6 + 2) + 4 · 6 · (6 + 6 + 2)
          "core LSTM [6] 624", "logits Linear [2] 14",
        ])
    let own = NetworkPolicy(
      inputs: [.obs], hidden: [3], recurrent: .gru, recurrentSize: 5, value: .separate)
    #expect(
      try rows(own) == [
        "hidden Linear+relu [3] 15", "core GRU [5] 150", "logits Linear [2] 12",
        "critic.hidden Linear+relu [3] 15", "critic.core GRU [5] 150", "value Linear [1] 6",
      ])
    #expect(
      try inputs(own) == ["obs [4]", "fin []", "hx.actor.h.0 [5]", "hx.critic.h.0 [5]"])
  }

  @Test func `a parameter of no layer has a row of its own beside its namesakes`() throws {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [4], low: -1, high: 1),
      action: .box(shape: [3], low: -1, high: 1))
    #expect(
      try rows(NetworkPolicy(inputs: [.obs], hidden: []), spaces) == [
        "logits Linear [3] 15", "logits.log_std Parameter [3] 3",
      ])
  }

  @Test func `a policy of one's own is told by the operations that it traces`() throws {
    #expect(
      try rows(Assorted()) == [
        "norm LayerNorm [4] 8", "core.cell LSTM [5] 460", "gate GRU [2] 42",
        "twice Linear [4] 20", "scale Parameter [] 1",
        "bare Linear [2] 10", "unused.weight_hh Parameter [3, 2] 6",
      ])
    #expect(try inputs(Assorted()) == ["obs [4]", "rew []", "hx.sum [4]"])
    #expect(
      try inputs(MotionPolicy(width: 2), Self.flat(2)) == [
        "obs [2]", "fin []", "hx.seen [2]", "hx.left [2]", "hx.right [2]",
      ])
    #expect(try rows(MotionPolicy(width: 2), Self.flat(2)) == [])
  }

  private static func flat(_ width: Int) -> EnvironmentSpaces {
    EnvironmentSpaces(
      observation: .box(shape: [width], low: -1, high: 1), action: .discrete(2))
  }
}

/// A policy with every kind of parameter, most of them unused.
private struct Assorted: Policy {
  static let kind = "assorted"

  var recurrentState: Nested<LeafSpecification> {
    .fields([("sum", .leaf(.init(.float32, [4]))), ("idle", .leaf(.init(.float32, [1])))])
  }

  func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction {
    guard let obs = state.obs.value, let sum = state.hx["sum"]?.value
    else { throw PolicyError("one array, please") }
    var x = graph.layerNorm(obs, name: "norm")
    // An LSTM of two layers and a GRU of one, with PyTorch's names and shapes.
    recur("core.cell", layer: 0, features: 4, size: 5, gates: 4, in: graph)
    recur("core.cell", layer: 1, features: 5, size: 5, gates: 4, in: graph)
    recur("gate", layer: 0, features: 3, size: 2, gates: 3, in: graph)
    // One layer applied twice is one row.
    x = graph.linear(graph.linear(x, outputs: 4, name: "twice"), outputs: 4, name: "twice")
    x = x * graph.parameter("scale", [], .constant(1)) + state.rew
    let scores = graph.linear(x, outputs: 2, name: "bare")
    // The name of a recurrent layer's parameter, but not the shape.
    _ = graph.parameter("unused.weight_hh", [3, 2], .constant(0))
    return Reaction(
      logits: distribution.logits(from: scores),
      hx: .fields([("sum", .leaf(sum + 1)), ("idle", .leaf(sum.columns(0..<1)))]))
  }

  private func recur(
    _ name: String, layer: Int, features: Int, size: Int, gates: Int, in graph: Graph
  ) {
    for (part, shape) in [
      ("weight_ih", [gates * size, features]), ("weight_hh", [gates * size, size]),
      ("bias_ih", [gates * size]), ("bias_hh", [gates * size]),
    ] {
      _ = graph.parameter("\(name).\(part)_l\(layer)", shape, .constant(0))
    }
  }
}
