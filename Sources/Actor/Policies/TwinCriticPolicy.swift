import Glibc
import Rollout

/// An actor with two critics and target networks: SAC and TD3.
///
/// For bounded continuous actions, critics estimate the value of a state and an action that is
/// given to them; for a Discrete space, that of each action in a state. Workers compute only the
/// actor, below `actor`. The critics are below `critic.0` and `critic.1`. The target networks of
/// both critics, and of a deterministic actor, are buffers below `target`.
///
/// Continuous actions are recorded from −1 to 1, and the environment scales them to the bounds of
/// the Box (`ActionBounds.scale`).
///
/// Sources: Haarnoja et al. (2018), "Soft actor-critic algorithms and applications"; Christodoulou
/// (2019), "Soft actor-critic for discrete action settings"; Fujimoto et al. (2018), "Addressing
/// function approximation error in actor-critic methods".
package struct TwinCriticPolicy: Policy, Equatable {
  /// The kind in checkpoints.
  package static let kind = "twin-critic"
  /// The name of the logarithm of the temperature α.
  package static let temperatureName = "temperature.log_alpha"

  /// The kinds of actors.
  package enum ActorKind: String, Codable, Sendable, CaseIterable {
    /// A ``SquashedGaussian`` whose deviations depend on the state, or a ``Categorical``, with a
    /// temperature: SAC.
    case stochastic
    /// A ``ClippedGaussian`` with a target network of its own: TD3.
    case deterministic
  }

  /// The hidden layers of the actor and of each critic.
  package var network: NetworkPolicy
  /// The kind of actor.
  package var actor: ActorKind
  /// α at first, the weight of entropy beside return; for a stochastic actor.
  package var temperature: Double
  /// True if α is a learned parameter, false if it is a buffer that keeps its first value.
  package var learnsTemperature: Bool

  /// Creates a policy with the layers of a network, without its heads.
  package init(
    _ network: NetworkPolicy = NetworkPolicy(inputs: [.obs], hidden: [256, 256]),
    actor: ActorKind = .stochastic, temperature: Double = 1, learnsTemperature: Bool = true
  ) {
    self.network = network
    self.actor = actor
    self.temperature = temperature
    self.learnsTemperature = learnsTemperature
  }

  /// The sets of weights that actor and critics can be traced with.
  package enum Weights: Sendable {
    /// The learned weights.
    case online
    /// The learned weights without a gradient, which still passes to the given action.
    case frozen
    /// The weights of the target networks.
    case target
  }

  /// Checks the sizes of the network and the temperature.
  package func checkSizes() throws(PolicyError) {
    try network.checkSizes()
    guard temperature > 0, temperature.isFinite else {
      throw PolicyError(
        "the policy's 'temperature' is \(temperature): use a positive number, such as 1")
    }
  }

  /// Returns the distribution of the kind of actor: from −1 to 1, or over the actions.
  package func distribution(for space: Space) throws(PolicyError) -> any ActionDistribution {
    if case .discrete(let count) = space, actor == .stochastic { return Categorical(count: count) }
    guard case .box(let shape, let low, let high, let type) = space,
      type == .float32 || type == .float64, shape.reduce(1, *) > 0
    else {
      throw PolicyError(
        """
        \(actor == .stochastic ? "SAC acts in a Discrete space or" : "TD3 acts in") a Box of \
        float32 or float64, not in \(space): use another algorithm, such as ppo, or dqn or sac \
        for a Discrete space
        """)
    }
    guard low.isFinite, high.isFinite else {
      throw PolicyError(
        """
        SAC and TD3 need finite bounds of all actions, but those of \(space) are infinite: use \
        another algorithm, such as ppo, or bound the space
        """)
    }
    let range = ActionRange(count: shape.reduce(1, *))
    return switch actor {
    case .stochastic: SquashedGaussian(range)
    case .deterministic: ClippedGaussian(range)
    }
  }

  /// Traces the reaction to a state.
  package func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction {
    let logits = try logits(of: state, choosing: distribution, by: .online, in: graph)
    // Workers do not compute the rest, but need the same layout of the weights.
    for weights in [Weights.online, .target] {
      if let choice = distribution as? Categorical {
        _ = try values(of: state, count: choice.count, by: weights, in: graph)
      } else {
        _ = try values(of: state, taking: action(state.act), by: weights, in: graph)
      }
    }
    switch actor {
    case .stochastic: _ = logTemperature(in: graph)
    case .deterministic:
      _ = try self.logits(of: state, choosing: distribution, by: .target, in: graph)
    }
    guard distribution is Categorical else { return Reaction(logits: logits) }
    guard try state.actionMask() == nil else {
      throw PolicyError("SAC does not support action masks: use another algorithm, such as ppo")
    }
    // Nearly uniform during the warm-up, with the same likeliest action.
    let sharpness = graph.buffer(ActionRange.warmUpName, [1])
      .choosing(graph.constant(Self.warmUpSharpness), otherwise: graph.constant(1))
    return Reaction(logits: (sharpness * logits).logSoftmax())
  }

  /// The factor of logits during the warm-up of a Discrete space.
  private static let warmUpSharpness = 1e-4

  /// Traces the logits of the actor, [rows, B, logitCount].
  ///
  /// In a Discrete space they are those without the warm-up.
  package func logits(
    of state: TracedState, choosing distribution: any ActionDistribution, by weights: Weights,
    in graph: Graph
  ) throws(PolicyError) -> Tensor {
    guard network.recurrent == .none else {
      throw PolicyError(
        "SAC and TD3 do not support recurrent networks: use another algorithm, such as ppo")
    }
    return try traced(by: weights, "actor", in: graph) { root throws(PolicyError) in
      distribution.logits(
        from: try network.scores(
          of: state, count: distribution.scoreCount, below: root, named: "logits", in: graph))
    }
  }

  /// Traces both critics' values of actions that are given, [rows, B] each.
  ///
  /// - Parameters:
  ///   - state: the states that are judged, [rows, B] each.
  ///   - action: the actions in the range of the distribution, [rows, B, elements].
  ///   - weights: the weights of the critics: trained, trained but held fixed, or of the targets.
  ///   - graph: the graph that the operations are added to.
  package func values(
    of state: TracedState, taking action: Tensor, by weights: Weights, in graph: Graph
  ) throws(PolicyError) -> [Tensor] {
    try values(of: state, with: action, count: 1, by: weights, in: graph)
      .map { $0.reshaped(Array($0.shape.dropLast())) }
  }

  /// Traces both critics' values of each of `count` actions, [rows, B, count] each.
  package func values(
    of state: TracedState, count: Int, by weights: Weights, in graph: Graph
  ) throws(PolicyError) -> [Tensor] {
    try values(of: state, with: nil, count: count, by: weights, in: graph)
  }

  private func values(
    of state: TracedState, with action: Tensor?, count: Int, by weights: Weights, in graph: Graph
  ) throws(PolicyError) -> [Tensor] {
    var values: [Tensor] = []
    for critic in 0..<2 {
      values.append(
        try traced(by: weights, "critic.\(critic)", in: graph) { root throws(PolicyError) in
          try network.scores(
            of: state, with: action, count: count, below: root, named: "q", in: graph)
        })
    }
    return values
  }

  /// Returns log α, a scalar.
  package func logTemperature(in graph: Graph) -> Tensor {
    let first = Initialization.constant(log(temperature))
    return learnsTemperature
      ? graph.parameter(Self.temperatureName, [], first)
      : graph.holding { graph.parameter(Self.temperatureName, [], first) }
  }

  /// Returns the actions of a fragment's rows as critics receive them, [rows, B, elements].
  package func action(_ act: Nested<Tensor>) -> Tensor {
    guard let action = act.value?.numeric else {
      preconditionFailure("the action of a Box is a leaf")
    }
    return action.reshaped(
      Array(action.shape.prefix(2)) + [action.shape.dropFirst(2).reduce(1, *)])
  }

  private func traced(
    by weights: Weights, _ name: String, in graph: Graph,
    _ body: (_ root: String) throws(PolicyError) -> Tensor
  ) throws(PolicyError) -> Tensor {
    switch weights {
    case .online: try body(name)
    case .frozen: try graph.freezing { () throws(PolicyError) in try body(name) }
    case .target:
      try graph.holding { () throws(PolicyError) in
        try body("\(QNetworkPolicy.targetRoot).\(name)")
      }
    }
  }
}
