import Rollout

/// A network that says what each action is worth, and mostly takes the best: ε-greedy.
///
///     μ(a | s) = ε / n + (1 − ε) [a = argmax Q(s, ·)]
///
/// ε is a buffer of the weights, so that it reaches workers with them; so are the weights of the target network, which
/// only learning looks at. What is recorded is log μ as `logits`, and Q(s, ·) as `q` [rows, B, n].
///
/// Source: Mnih et al. (2015), "Human-level control through deep reinforcement learning".
public struct QNetworkPolicy: Policy, Equatable {
  /// The name in checkpoints.
  public static let kind = "q-network"
  /// The buffer that ε lies in.
  public static let epsilonName = "epsilon"
  /// What the names of the target network's buffers are below.
  public static let targetRoot = "target"

  /// The network, whose scores are the actions' values.
  public var network: NetworkPolicy

  /// Values from a network's scores.
  public init(_ network: NetworkPolicy = NetworkPolicy()) { self.network = network }

  /// Which of two sets of weights says what actions are worth.
  public enum Weights: Sendable {
    /// Those that are learnt.
    case online
    /// Those that are copied from them now and then.
    case target
  }

  /// Traces the reaction to a state.
  public func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction {
    guard case .discrete(let count) = state.spaces.action else {
      throw PolicyError(
        """
        Q-learning compares every action with every other and \(state.spaces.action) cannot be \
        counted: use an algorithm with a policy, such as ppo
        """)
    }
    guard try state.actionMask() == nil else {
      throw PolicyError(
        "Q-learning takes no action masks: use an algorithm with a policy, such as ppo")
    }
    let q = try values(of: state, by: .online, in: graph)
    // Workers leave it out, but have to lay the weights out alike.
    _ = try values(of: state, by: .target, in: graph)
    let epsilon = graph.buffer(Self.epsilonName, [], initially: 1)
    let chance = (1 - epsilon) * q.oneHotOfLargest() + (1 / Double(count)) * epsilon
    return Reaction(logits: log(chance), information: [("q", q)])
  }

  /// Traces what each action is worth, Q(s, ·) [rows, B, n].
  public func values(
    of state: TracedState, by weights: Weights, in graph: Graph
  ) throws(PolicyError) -> Tensor {
    guard network.recurrent == .none else {
      throw PolicyError("Q-learning takes no recurrent networks: use an algorithm with a policy")
    }
    guard case .discrete(let count) = state.spaces.action else {
      preconditionFailure("values of actions that cannot be counted")
    }
    switch weights {
    case .online:
      return try network.scores(of: state, count: count, below: nil, named: "q", in: graph)
    case .target:
      return try graph.holding { () throws(PolicyError) in
        try network.scores(
          of: state, count: count, below: Self.targetRoot, named: "q", in: graph)
      }
    }
  }
}
