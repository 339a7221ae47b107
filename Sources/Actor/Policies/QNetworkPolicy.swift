import Rollout

/// A Q-network with an ε-greedy policy.
///
///     μ(a | s) = ε / n + (1 − ε) [a = argmax Q(s, ·)]
///
/// ε is a buffer of the weights and reaches the workers with them. The target network's weights are
/// buffers as well. Only the learner uses them. The recorded outputs are log μ as `logits` and Q(s,
/// ·) as `q` [rows, B, n].
///
/// Source: Mnih et al. (2015), "Human-level control through deep reinforcement learning".
package struct QNetworkPolicy: Policy, Equatable {
  /// The kind in checkpoints.
  package static let kind = "q-network"
  /// The name of the buffer of ε.
  package static let epsilonName = "epsilon"
  /// The prefix of the names of the target network's buffers.
  package static let targetRoot = "target"

  /// The network, with the action values as its scores.
  package var network: NetworkPolicy
  /// True if the action values are the sum of a stream for the state and one for its actions.
  package var isDueling: Bool

  /// Creates a policy from a network's scores.
  package init(_ network: NetworkPolicy = NetworkPolicy(), isDueling: Bool = false) {
    self.network = network
    self.isDueling = isDueling
  }

  /// The two sets of weights that can estimate action values.
  package enum Weights: Sendable {
    /// The learned weights.
    case online
    /// The target network's weights, copied from the learned ones at intervals.
    case target
  }

  /// The recurrent state of the network's core.
  package var recurrentState: Nested<LeafSpecification> { network.recurrentState }

  /// Checks the sizes of the network.
  package func checkSizes() throws(PolicyError) { try network.checkSizes() }

  /// Traces the reaction to a state.
  package func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction {
    guard case .discrete(let count) = state.spaces.action else {
      throw PolicyError(
        """
        Q-learning needs a Discrete action space, not \(state.spaces.action): use an algorithm \
        with a policy, such as ppo
        """)
    }
    guard try state.actionMask() == nil else {
      throw PolicyError(
        "Q-learning does not support action masks: use an algorithm with a policy, such as ppo")
    }
    let (q, hx) = try values(of: state, by: .online, in: graph)
    // Workers do not compute these values, but need the same layout of the weights.
    _ = try values(of: state, by: .target, in: graph)
    let epsilon = graph.buffer(Self.epsilonName, [], initially: 1)
    let chance = (1 - epsilon) * q.oneHotOfLargest() + (1 / Double(count)) * epsilon
    return Reaction(logits: log(chance), information: [("q", q)], hx: hx.map(\.lastRow))
  }

  /// Traces the action values Q(s, ·), [rows, B, n], and the recurrent state after each row, [rows,
  /// B, …].
  package func values(
    of state: TracedState, by weights: Weights, in graph: Graph
  ) throws(PolicyError) -> (q: Tensor, hx: Nested<Tensor>) {
    guard case .discrete(let count) = state.spaces.action else {
      preconditionFailure("Q-learning without a Discrete action space")
    }
    func scores(below root: String?) throws(PolicyError) -> (q: Tensor, hx: Nested<Tensor>) {
      let (q, hx) =
        isDueling
        ? try network.duelingScores(of: state, count: count, below: root, named: "q", in: graph)
        : try network.scores(of: state, count: count, below: root, named: "q", in: graph)
      return (q, hx)
    }
    switch weights {
    case .online: return try scores(below: nil)
    case .target:
      return try graph.holding { () throws(PolicyError) in try scores(below: Self.targetRoot) }
    }
  }
}

extension QNetworkPolicy: Codable {
  private enum CodingKeys: String, CodingKey {
    case network
    case isDueling
  }

  /// Decodes the settings; those of earlier checkpoints have no streams.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      try values.decode(NetworkPolicy.self, forKey: .network),
      isDueling: try values.decodeIfPresent(Bool.self, forKey: .isDueling) ?? false)
  }

  /// Encodes the settings; those of a network without streams are as they always were.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(network, forKey: .network)
    if isDueling { try values.encode(isDueling, forKey: .isDueling) }
  }
}
