import Rollout

/// The network of the command line: concatenated inputs, torso, hidden layers, core, heads.
///
/// ```swift
/// NetworkPolicy()  // as in rlplay's overview: observation and last action, 32 units
/// NetworkPolicy(
///   hidden: [64, 64], activation: .tanh, value: .separate, initialization: .orthogonal)
/// NetworkPolicy(torso: .nature, hidden: [512])        // images
/// NetworkPolicy(recurrent: .gru, recurrentSize: 64)   // memory
/// ```
///
/// docs/networks.md lists the features made from each input and the names of the parameters.
public struct NetworkPolicy: Policy, Equatable {
  /// The kind in checkpoints.
  public static let kind = "network"

  /// The inputs of the network, in this order.
  package var inputs: [NetworkInput]
  /// The encoding of discrete inputs.
  package var integers: IntegerEncoding
  /// The width of an embedding.
  package var embeddingWidth: Int
  /// The layers before the hidden layers.
  package var torso: NetworkTorso
  /// The number of outputs of each hidden layer.
  package var hidden: [Int]
  /// The activation after each hidden layer.
  package var activation: Activation
  /// The kind of recurrent core, after the hidden layers.
  package var recurrent: RecurrentCore
  /// The number of outputs of the core.
  package var recurrentSize: Int
  /// The number of layers of the core.
  package var recurrentLayers: Int
  /// The kind of value head.
  package var value: ValueHead
  /// The initialization of the weights.
  package var initialization: NetworkInitialization
  /// Normalization by running statistics in the weights; `nil` for none.
  package var normalization: NetworkNormalization?

  /// Creates a network, by default that of rlplay's overview.
  public init(
    inputs: [NetworkInput] = [.obs, .act], torso: NetworkTorso = .mlp, hidden: [Int] = [32],
    activation: Activation = .relu, recurrent: RecurrentCore = .none, recurrentSize: Int = 64,
    recurrentLayers: Int = 1, value: ValueHead = .none,
    integers: IntegerEncoding = .embedding, embeddingWidth: Int = 4,
    initialization: NetworkInitialization = .pytorch, normalization: NetworkNormalization? = nil
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
    self.initialization = initialization
    self.normalization = normalization
  }

  /// The recurrent state of the core; with separate torsos, under `actor` and `critic`.
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
    let actor = try torso(of: state, below: nil, in: graph)
    var scores = graph.linear(
      actor.features, outputs: distribution.scoreCount, name: "logits",
      weights: initialization.weights(gain: 0.01))
    if let mask { scores = scores.masked(by: mask) }
    let logits = distribution.logits(from: scores)
    let hx = actor.hx.map(\.lastRow)
    switch value {
    case .none:
      return Reaction(logits: logits, hx: hx)
    case .shared:
      return Reaction(
        logits: logits, information: [("value", valueEstimate(actor.features, in: graph))],
        hx: hx)
    case .separate:
      let critic = try torso(of: state, below: "critic", in: graph)
      return Reaction(
        logits: logits, information: [("value", valueEstimate(critic.features, in: graph))],
        hx: recurrent == .none
          ? .empty : .fields([("actor", hx), ("critic", critic.hx.map(\.lastRow))]))
    }
  }

  /// Returns one score for each of `count` choices, [rows, B, count], and the recurrent state after
  /// each row, [rows, B, …].
  ///
  /// Scores of a single one-hot input without a layer in between are a table, one weight for each
  /// pair and no bias, and so are those of a joint one. Each entry then learns independently.
  ///
  /// - Parameters:
  ///   - given: a further input, [rows, B, features], behind those of the state; `nil` for none.
  ///   - root: the prefix of the parameter names; `nil` for none.
  ///   - name: the name of the output layer.
  func scores(
    of state: TracedState, with given: Tensor? = nil, count: Int, below root: String?,
    named name: String, in graph: Graph
  ) throws(PolicyError) -> (scores: Tensor, hx: Nested<Tensor>) {
    let torso = try torso(of: state, with: given, below: root, in: graph)
    let scores = graph.linear(
      torso.features, outputs: count, name: ParameterNames(root: root)[name],
      bias: given != nil || !isTable(of: state.spaces), weights: initialization.weights(gain: 1))
    return (scores, torso.hx)
  }

  /// Returns one score for each of `count` choices, [rows, B, count], from two streams, and the
  /// recurrent state after each row, [rows, B, …].
  ///
  ///     q(s, a) = v(s) + (A(s, a) − mean_b A(s, b))
  ///
  /// Both streams have the last hidden layer for themselves, below `value` and `advantage`, and
  /// share all that comes before.
  ///
  /// Source: Wang et al. (2016), "Dueling network architectures for deep reinforcement learning",
  /// equation 9.
  ///
  /// - Parameters: as for `scores(of:with:count:below:named:in:)`.
  func duelingScores(
    of state: TracedState, count: Int, below root: String?, named name: String, in graph: Graph
  ) throws(PolicyError) -> (scores: Tensor, hx: Nested<Tensor>) {
    let shared = try sharedTorso(of: state, below: root, in: graph)
    let names = ParameterNames(root: ParameterNames(root: root)[name])
    func stream(_ name: String, _ outputs: Int) -> Tensor {
      head(
        shared.features, count: outputs, hidden: names["\(name).hidden"], output: names[name],
        in: graph)
    }
    let value = stream("value", 1)
    let advantage = stream("advantage", count)
    let mean = advantage.meanOverLastAxis()
    return (advantage + (value.reshaped(Array(value.shape.dropLast())) - mean), shared.hx)
  }

  /// Traces everything before heads that have the last hidden layer for themselves: features
  /// [rows, B, …] and the recurrent state after each row, [rows, B, …].
  ///
  /// - Parameter root: the prefix of the parameter names; `nil` for none.
  func sharedTorso(
    of state: TracedState, below root: String?, in graph: Graph
  ) throws(PolicyError) -> (features: Tensor, hx: Nested<Tensor>) {
    var shared = self
    shared.hidden = hidden.dropLast()
    return try shared.torso(of: state, below: root, in: graph)
  }

  /// Returns one score for each of `count` choices, [rows, B, count], by a head on features.
  ///
  /// It has the last hidden layer for itself.
  ///
  /// - Parameters:
  ///   - hidden: the name of the hidden layer.
  ///   - output: the name of the output layer.
  func head(
    _ features: Tensor, count: Int, hidden name: String, output: String, in graph: Graph
  ) -> Tensor {
    let own = hidden.last.map {
      graph.linear(
        features, outputs: $0, name: name, activation: activation,
        weights: initialization.weights(gain: 2.0.squareRoot()))
    }
    return graph.linear(
      own ?? features, outputs: count, name: output, weights: initialization.weights(gain: 1))
  }

  /// Returns true if one feature is 1 and all others are 0, without hidden layers and core.
  private func isTable(of spaces: EnvironmentSpaces) -> Bool {
    guard inputs == [.obs], hidden.isEmpty, recurrent == .none else { return false }
    switch (integers, spaces.observation) {
    case (.oneHot, .discrete): return true
    case (.joint, let space):
      return space.parts.leaves.allSatisfy { leaf in
        switch leaf {
        case .discrete, .multiDiscrete: true
        default: false
        }
      }
    default: return false
    }
  }

  /// Returns the value estimates of the states, [rows, B].
  private func valueEstimate(_ features: Tensor, in graph: Graph) -> Tensor {
    let value = graph.linear(
      features, outputs: 1, name: "value", weights: initialization.weights(gain: 1))
    return value.reshaped(Array(value.shape.dropLast()))
  }

  /// Traces everything before the heads: features [rows, B, …] and the core's recurrent state after
  /// each row, [rows, B, …].
  ///
  /// - Parameters:
  ///   - given: a further input behind those of the state; `nil` for none.
  ///   - root: the prefix of the parameter names; `nil` for the policy's torso.
  private func torso(
    of state: TracedState, with given: Tensor? = nil, below root: String?, in graph: Graph
  ) throws(PolicyError) -> (features: Tensor, hx: Nested<Tensor>) {
    // Only the learner uses the scale, but every process needs the same layout of the weights.
    if normalization?.rewards == true { _ = graph.returnScale() }
    let names = ParameterNames(root: root)
    let torso = NetworkInputs(self, state, names, in: graph)
    var x = graph.concatenate(try torso.columns() + (given.map { [$0] } ?? []))
    for (index, outputs) in hidden.enumerated() {
      x = graph.linear(
        x, outputs: outputs, name: names[hidden.count == 1 ? "hidden" : "hidden.\(index)"],
        activation: activation, weights: initialization.weights(gain: 2.0.squareRoot()))
    }
    let (features, after) = try recurrent.trace(
      x, size: recurrentSize, layers: recurrentLayers,
      from: state.hx[root ?? "actor"] ?? state.hx, resets: state.fin, name: names["core"],
      weights: initialization.weights(gain: 1), in: graph)
    return (features, after)
  }
}

/// An input of a network.
public enum NetworkInput: String, Codable, Sendable, CaseIterable {
  /// The observation.
  case obs
  /// The last action.
  case act
  /// The last reward.
  case rew
  /// True where an episode begins.
  case fin
  /// Steps since the episode began.
  case stepno
}

/// The encoding of discrete inputs as numbers.
public enum IntegerEncoding: String, Codable, Sendable, CaseIterable {
  /// A row of a learned table.
  case embedding
  /// A 1 at the index, zeros elsewhere.
  case oneHot = "one-hot"
  /// The bits, lowest first.
  case bits
  /// A 1 at the combination of all choices of an input, zeros elsewhere.
  case joint
}

/// The layers before the hidden layers.
public enum NetworkTorso: String, Codable, Sendable, CaseIterable {
  /// None: the inputs go directly into the hidden layers.
  case mlp
  /// The convolutions of DQN, for images.
  ///
  /// Source: Mnih et al. (2015), "Human-level control through deep reinforcement learning".
  case nature
}

/// The value head of a network and its torso.
public enum ValueHead: String, Codable, Sendable, CaseIterable {
  /// No value head.
  case none
  /// A value head that shares inputs, torso and core with the policy head.
  case shared
  /// A value head with separate inputs, torso and core.
  case separate
}

/// The initialization of a network's weights.
public enum NetworkInitialization: String, Codable, Sendable, CaseIterable {
  /// PyTorch's defaults for each layer.
  case pytorch
  /// Orthogonal weights and zero biases.
  ///
  /// The gain is √2 before activations, 1 for the core and the value, 0.01 for the logits.
  case orthogonal

  /// Returns the initialization of a layer's weights; `nil` for the layer's default.
  func weights(gain: Double) -> Initialization? {
    self == .orthogonal ? .orthogonal(gain: gain) : nil
  }
}
