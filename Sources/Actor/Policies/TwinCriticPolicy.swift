import Glibc
import Rollout

/// An actor with two critics and target networks: SAC and TD3.
///
/// For bounded continuous actions, critics estimate the value of a state and an action that is
/// given to them; for a Discrete space, that of each action in a state. Workers compute only the
/// actor, below `actor`. The critics are below `critic.0` and `critic.1`. The target networks of
/// both critics, and of a deterministic actor, are buffers below `target`.
///
/// A recurrent network has one core for actor and critics. It is below `critic.torso`, behind the
/// inputs and all hidden layers but the last, and learns from the critics' loss alone. Actor and
/// critics have the last hidden layer each, behind the core, where a given action joins. The state
/// that a worker recorded thus starts actor and critics alike, and an update runs the core once.
/// Memory that changes which action is best changes the actions' values, so critics learn it.
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

  /// States, and all that actor and critics have in common of them.
  package struct Features {
    /// The states.
    let state: TracedState
    /// The output of the core, [rows, B, size]; `nil` without one.
    let core: Tensor?
    /// The recurrent state after each row, [rows, B, …]; empty without a core.
    package let hx: Nested<Tensor>

    /// The same without a gradient to the core.
    var withoutGradient: Features {
      Features(state: state, core: core?.stopGradient(), hx: hx)
    }
  }

  /// The recurrent state of the core.
  package var recurrentState: Nested<LeafSpecification> { network.recurrentState }

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
    let online = try features(of: state, by: .online, in: graph)
    let logits = try logits(of: online, choosing: distribution, by: .online, in: graph)
    let hx = online.hx.map(\.lastRow)
    // Workers do not compute the rest, but need the same layout of the weights.
    let held = try features(of: state, by: .target, in: graph)
    for (features, weights) in [(online, Weights.online), (held, .target)] {
      if let choice = distribution as? Categorical {
        _ = try values(of: features, count: choice.count, by: weights, in: graph)
      } else {
        _ = try values(of: features, taking: action(state.act), by: weights, in: graph)
      }
    }
    switch actor {
    case .stochastic: _ = logTemperature(in: graph)
    case .deterministic:
      _ = try self.logits(of: held, choosing: distribution, by: .target, in: graph)
    }
    guard distribution is Categorical else { return Reaction(logits: logits, hx: hx) }
    guard try state.actionMask() == nil else {
      throw PolicyError("SAC does not support action masks: use another algorithm, such as ppo")
    }
    // Nearly uniform during the warm-up, with the same likeliest action.
    let sharpness = graph.buffer(ActionRange.warmUpName, [1])
      .choosing(graph.constant(Self.warmUpSharpness), otherwise: graph.constant(1))
    return Reaction(logits: (sharpness * logits).logSoftmax(), hx: hx)
  }

  /// The factor of logits during the warm-up of a Discrete space.
  private static let warmUpSharpness = 1e-4

  /// Traces the core of a recurrent network over states; without a core nothing.
  package func features(
    of state: TracedState, by weights: Weights, in graph: Graph
  ) throws(PolicyError) -> Features {
    guard network.recurrent != .none else { return Features(state: state, core: nil, hx: .empty) }
    let torso = try traced(by: weights, "critic.torso", in: graph) { root throws(PolicyError) in
      try network.sharedTorso(of: state, below: root, in: graph)
    }
    return Features(state: state, core: torso.features, hx: torso.hx)
  }

  /// Traces the logits of the actor, [rows, B, logitCount]; no gradient reaches the core.
  ///
  /// In a Discrete space they are those without the warm-up.
  package func logits(
    of features: Features, choosing distribution: any ActionDistribution, by weights: Weights,
    in graph: Graph
  ) throws(PolicyError) -> Tensor {
    distribution.logits(
      from: try scores(
        of: features.withoutGradient, count: distribution.scoreCount, by: weights, "actor",
        "logits", in: graph))
  }

  /// Traces both critics' values of actions that are given, [rows, B] each.
  ///
  /// - Parameters:
  ///   - features: the states that are judged, [rows, B] each.
  ///   - action: the actions in the range of the distribution, [rows, B, elements].
  ///   - weights: the weights of the critics: trained, trained but held fixed, or of the targets.
  ///     Only trained ones pass a gradient to the core.
  ///   - graph: the graph that the operations are added to.
  package func values(
    of features: Features, taking action: Tensor, by weights: Weights, in graph: Graph
  ) throws(PolicyError) -> [Tensor] {
    try values(of: features, with: action, count: 1, by: weights, in: graph)
      .map { $0.reshaped(Array($0.shape.dropLast())) }
  }

  /// Traces both critics' values of each of `count` actions, [rows, B, count] each.
  package func values(
    of features: Features, count: Int, by weights: Weights, in graph: Graph
  ) throws(PolicyError) -> [Tensor] {
    try values(of: features, with: nil, count: count, by: weights, in: graph)
  }

  private func values(
    of features: Features, with action: Tensor?, count: Int, by weights: Weights, in graph: Graph
  ) throws(PolicyError) -> [Tensor] {
    let features = weights == .online ? features : features.withoutGradient
    var values: [Tensor] = []
    for critic in 0..<2 {
      values.append(
        try scores(
          of: features, with: action, count: count, by: weights, "critic.\(critic)", "q",
          in: graph))
    }
    return values
  }

  /// Traces the network of the actor or of a critic: a whole one without a core, a head behind it.
  private func scores(
    of features: Features, with action: Tensor? = nil, count: Int, by weights: Weights,
    _ network: String, _ output: String, in graph: Graph
  ) throws(PolicyError) -> Tensor {
    try traced(by: weights, network, in: graph) { root throws(PolicyError) in
      guard let core = features.core else {
        return try self.network.scores(
          of: features.state, with: action, count: count, below: root, named: output, in: graph
        ).scores
      }
      return self.network.head(
        graph.concatenate([core] + (action.map { [$0] } ?? [])), count: count,
        hidden: "\(root).hidden", output: "\(root).\(output)", in: graph)
    }
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

  private func traced<Result>(
    by weights: Weights, _ name: String, in graph: Graph,
    _ body: (_ root: String) throws(PolicyError) -> Result
  ) throws(PolicyError) -> Result {
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
