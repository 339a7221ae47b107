import Rollout

/// The network of the command line: inputs side by side, torso, hidden layers, core, heads.
///
///     NetworkPolicy()                                     // the seed's: observation and last action, 32 units
///     NetworkPolicy(hidden: [64, 64], activation: .tanh, value: .separate, initialisation: .orthogonal)
///     NetworkPolicy(torso: .nature, hidden: [512])        // images
///     NetworkPolicy(recurrent: .gru, recurrentSize: 64)   // remembers
///
/// What becomes of each input, and what the parameters are called, is in docs/networks.md.
public struct NetworkPolicy: Policy, Equatable {
  /// The name in checkpoints.
  public static let kind = "network"

  /// What the network sees, in this order.
  public var inputs: [NetworkInput]
  /// How a choice among several becomes numbers.
  public var integers: IntegerEncoding
  /// How many numbers an embedding gives for a choice.
  public var embeddingWidth: Int
  /// What comes before the hidden layers.
  public var torso: NetworkTorso
  /// Outputs of each hidden layer.
  public var hidden: [Int]
  /// What follows each hidden layer.
  public var activation: Activation
  /// What it remembers with, behind the hidden layers.
  public var recurrent: RecurrentCore
  /// Outputs of the core.
  public var recurrentSize: Int
  /// Layers of the core.
  public var recurrentLayers: Int
  /// Whether the network says what a state is worth.
  public var value: ValueHead
  /// How first weights are drawn.
  public var initialisation: NetworkInitialisation
  /// What running statistics in the weights bring to a common scale; `nil` for nothing.
  public var normalisation: NetworkNormalisation?

  /// A network; the defaults are the seed's.
  public init(
    inputs: [NetworkInput] = [.obs, .act], torso: NetworkTorso = .mlp, hidden: [Int] = [32],
    activation: Activation = .relu, recurrent: RecurrentCore = .none, recurrentSize: Int = 64,
    recurrentLayers: Int = 1, value: ValueHead = .none,
    integers: IntegerEncoding = .embedding, embeddingWidth: Int = 4,
    initialisation: NetworkInitialisation = .pytorch, normalisation: NetworkNormalisation? = nil
  ) {
    self.inputs = inputs
    self.integers = integers
    self.embeddingWidth = embeddingWidth
    self.torso = torso
    self.hidden = hidden
    self.activation = activation
    self.recurrent = recurrent
    self.recurrentSize = recurrentSize
    self.recurrentLayers = recurrentLayers
    self.value = value
    self.initialisation = initialisation
    self.normalisation = normalisation
  }

  /// What the core carries; with a value of its own under `actor` and `critic`.
  public var recurrentState: Nested<LeafSpecification> {
    let core = recurrent.state(size: recurrentSize, layers: recurrentLayers)
    return value == .separate && recurrent != .none
      ? .fields([("actor", core), ("critic", core)]) : core
  }

  /// Traces the reaction to a state.
  public func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction {
    let mask = try state.actionMask()
    let actor = try trunk(of: state, below: nil, in: graph)
    var scores = graph.linear(
      actor.features, outputs: distribution.scoreCount, name: "logits",
      weights: initialisation.weights(gain: 0.01))
    if let mask { scores = scores.masked(by: mask) }
    let logits = distribution.logits(from: scores)
    switch value {
    case .none:
      return Reaction(logits: logits, hx: actor.hx)
    case .shared:
      return Reaction(
        logits: logits, information: [("value", judgement(actor.features, in: graph))],
        hx: actor.hx)
    case .separate:
      let critic = try trunk(of: state, below: "critic", in: graph)
      return Reaction(
        logits: logits, information: [("value", judgement(critic.features, in: graph))],
        hx: recurrent == .none ? .empty : .fields([("actor", actor.hx), ("critic", critic.hx)]))
    }
  }

  /// A number for each of several choices, [rows, B, count], by a network without memory.
  ///
  /// Of a single choice that is one-hot, and without a layer in between, they are a table: a weight for each pair and no bias,
  /// so that an entry moves by itself.
  ///
  /// - Parameters:
  ///   - root: what the names of its parameters are below; `nil` for the actor's own.
  ///   - name: what the layer that gives the numbers is called.
  func scores(
    of state: TracedState, count: Int, below root: String?, named name: String, in graph: Graph
  ) throws(PolicyError) -> Tensor {
    let features = try trunk(of: state, below: root, in: graph).features
    return graph.linear(
      features, outputs: count, name: ParameterNames(root: root)[name],
      bias: !isTable(of: state.spaces), weights: initialisation.weights(gain: 1))
  }

  /// Whether all that scores are computed from is the place of one 1 among zeros.
  private func isTable(of spaces: EnvironmentSpaces) -> Bool {
    guard case .discrete = spaces.observation else { return false }
    return inputs == [.obs] && integers == .oneHot && hidden.isEmpty
  }

  /// What states are worth, [rows, B].
  private func judgement(_ features: Tensor, in graph: Graph) -> Tensor {
    let value = graph.linear(
      features, outputs: 1, name: "value", weights: initialisation.weights(gain: 1))
    return value.reshaped(Array(value.shape.dropLast()))
  }

  /// Everything before the heads: features [rows, B, …], and what its core carries on.
  ///
  /// - Parameter root: what the names of its parameters are below; `nil` for the actor's own.
  private func trunk(
    of state: TracedState, below root: String?, in graph: Graph
  ) throws(PolicyError) -> (features: Tensor, hx: Nested<Tensor>) {
    // Only learning looks at it, but all have to lay the weights out alike.
    if normalisation?.rewards == true { _ = graph.returnScale() }
    let names = ParameterNames(root: root)
    let torso = NetworkInputs(self, state, names, in: graph)
    var x = graph.concatenate(try torso.columns())
    for (index, outputs) in hidden.enumerated() {
      x = graph.linear(
        x, outputs: outputs, name: names[hidden.count == 1 ? "hidden" : "hidden.\(index)"],
        activation: activation, weights: initialisation.weights(gain: 2.0.squareRoot()))
    }
    let (features, carried) = try recurrent.trace(
      x, size: recurrentSize, layers: recurrentLayers,
      from: state.hx[root ?? "actor"] ?? state.hx, resets: state.fin, name: names["core"],
      weights: initialisation.weights(gain: 1), in: graph)
    return (features, carried)
  }
}

/// What a network can see of a state.
public enum NetworkInput: String, Codable, Sendable, CaseIterable {
  /// The observation.
  case obs
  /// The last action.
  case act
  /// The last reward.
  case rew
  /// Whether an episode has just begun.
  case fin
  /// Steps since the episode began.
  case stepno
}

/// How a choice among several becomes numbers.
public enum IntegerEncoding: String, Codable, Sendable, CaseIterable {
  /// A row of a learnt table.
  case embedding
  /// A 1 in its place, zeros elsewhere.
  case oneHot = "one-hot"
  /// Its bits, lowest first.
  case bits
}

/// What comes before the hidden layers.
public enum NetworkTorso: String, Codable, Sendable, CaseIterable {
  /// Nothing: inputs go into the hidden layers as they are.
  case mlp
  /// The convolutions of DQN, for images: Mnih et al. (2015), "Human-level control through deep reinforcement learning".
  case nature
}

/// Whether a network says what a state is worth, and from what.
public enum ValueHead: String, Codable, Sendable, CaseIterable {
  /// It does not.
  case none
  /// From the features that actions are chosen by.
  case shared
  /// From inputs, torso and core of its own.
  case separate
}

/// How a network's first weights are drawn.
public enum NetworkInitialisation: String, Codable, Sendable, CaseIterable {
  /// As PyTorch does by default, layer by layer.
  case pytorch
  /// Orthogonal with a gain: √2 before activations, 1 for the core and the value, 0.01 for the logits; biases zero.
  case orthogonal

  /// What a layer is told; `nil` for its own default.
  func weights(gain: Double) -> Initialisation? {
    self == .orthogonal ? .orthogonal(gain: gain) : nil
  }
}
