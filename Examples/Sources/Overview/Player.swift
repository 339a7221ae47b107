import Actor

/// The overview's actor: its observation and the embedding of its last action, 32 units, two
/// log-probabilities.
struct Player: Policy {
  static let kind = "overview"

  func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction {
    guard let obs = state.obs.value, let act = state.act.value else {
      throw PolicyError("Player is for one array and one action")
    }
    let inputs = graph.concatenate([
      // graph.linear(graph.oneHotBits(state.stepno), outputs: 4, bias: false, name: "stepno"),
      obs, graph.embedding(act, count: distribution.scoreCount, width: 4, name: "act"),
    ])
    let hidden = graph.linear(inputs, outputs: 32, name: "hidden").relu()
    let scores = graph.linear(hidden, outputs: distribution.scoreCount, name: "logits")
    return Reaction(logits: distribution.logits(from: scores))
  }
}
