import Rollout

/// The seed's policy: inputs side by side, hidden layers, log-probabilities.
///
/// Observations and the last action stand side by side: numbers and yes-or-no choices as they are, a discrete choice through
/// an embedding, each of several choices (MultiDiscrete) through an embedding of its own. Parameters: `act.weight`
/// (`act.0.weight` and on when there are several choices), `hidden.weight`, `hidden.bias` (`hidden.0.…` and on when there
/// are several layers), `logits.weight`, `logits.bias`, and the distribution's own.
///
/// An observation `action_mask` (`TracedState.actionMask`) is no input: it takes actions out of the choice.
public struct FeedForwardPolicy: Policy, Equatable {
  /// The name in checkpoints.
  public static let kind = "feed-forward"

  /// Outputs of each hidden layer.
  public var hidden: [Int]
  /// How many numbers an embedding gives for a discrete input.
  public var embeddingWidth: Int

  /// A policy with these hidden layers.
  public init(hidden: [Int] = [32], embeddingWidth: Int = 4) {
    self.hidden = hidden
    self.embeddingWidth = embeddingWidth
  }

  /// Traces the reaction to a state.
  public func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction {
    let mask = try state.actionMask()
    let inputs =
      try parts(of: state.obs, state.spaces.observation, named: "obs", in: graph)
      + parts(of: state.act, state.spaces.action, named: "act", in: graph)
    var x = graph.concatenate(inputs)
    for (index, outputs) in hidden.enumerated() {
      let name = hidden.count == 1 ? "hidden" : "hidden.\(index)"
      x = graph.linear(x, outputs: outputs, name: name).relu()
    }
    var scores = graph.linear(x, outputs: distribution.scoreCount, name: "logits")
    if let mask { scores = scores.masked(by: mask) }
    return Reaction(logits: distribution.logits(from: scores))
  }

  /// A container's leaves as matrices [rows, B, features], in declared order.
  private func parts(
    of tensors: Nested<Tensor>, _ space: Space, named root: String, in graph: Graph
  ) throws(PolicyError) -> [Tensor] {
    var result: [Tensor] = []
    for ((tensor, space), path) in zip(
      zip(tensors.leaves, space.parts.leaves), tensors.paths(below: root))
    {
      if path == "obs.\(TracedState.actionMaskName)" { continue }
      let leading = Array(tensor.shape.prefix(2))
      switch space {
      case .discrete(let count):
        result.append(
          graph.embedding(tensor, count: count, width: embeddingWidth, name: path))
      case .multiDiscrete(let counts):
        for (choice, count) in counts.enumerated() {
          result.append(
            graph.embedding(
              tensor.columns(choice..<choice + 1).reshaped(leading), count: count,
              width: embeddingWidth, name: "\(path).\(choice)"))
        }
      default:
        result.append(tensor.reshaped(leading + [tensor.shape.dropFirst(2).reduce(1, *)]))
      }
    }
    return result
  }
}
