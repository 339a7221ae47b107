import Rollout

/// A policy written in ordinary Swift and traced once into a graph, from state to reaction.
///
/// A custom policy needs only this protocol. Register it with `PolicyRegistry` to let worker
/// processes find it by its `kind`. Its settings reach them through `Codable`.
public protocol Policy: Codable, Sendable {
  /// The name of the policy in worker processes and checkpoints.
  static var kind: String { get }

  /// The shape of the recurrent state per environment: float32 only, empty without memory.
  var recurrentState: Nested<LeafSpecification> { get }

  /// Returns the distribution of actions in an action space.
  ///
  /// By default it is the one that suits the space, `ActionDistributions.fitting`.
  ///
  /// - Throws: `PolicyError` for a space without a distribution.
  func distribution(for space: Space) throws(PolicyError) -> any ActionDistribution

  /// Traces the reaction to a state.
  ///
  /// - Parameters:
  ///   - state: the policy's inputs, [rows, B, …]: one row in a worker, T rows of one fragment in
  ///     the learner. With equal weights the outputs of each row must be equal in both.
  ///   - distribution: the action distribution; its `scoreCount` is the number of scores per row.
  ///   - graph: the graph to add operations and parameters to.
  /// - Throws: `PolicyError` when the policy does not support these spaces.
  func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction

  /// Checks sizes, because a policy may come from a file with any contents.
  ///
  /// It is called once for a decoded policy, before the policy is traced. The default does nothing.
  ///
  /// - Throws: `PolicyError` that names the size, its value and its limit.
  func checkSizes() throws(PolicyError)
}

extension Policy {
  /// No recurrent state.
  public var recurrentState: Nested<LeafSpecification> { .empty }

  /// The distribution that suits the space.
  public func distribution(for space: Space) throws(PolicyError) -> any ActionDistribution {
    try ActionDistributions.fitting(space)
  }
}

/// The outputs of a policy: logits to draw actions from, further recorded outputs, and `hx`.
public struct Reaction {
  /// Log-probabilities, or other numbers that the distribution draws from, [rows, B, …].
  public var logits: Tensor
  /// Further outputs recorded in the fragment's `actor` by path, such as `value` or `heads.policy`.
  public var information: [(name: String, tensor: Tensor)]
  /// The recurrent state after the last row, [B, …], in the structure of `recurrentState`.
  public var hx: Nested<Tensor>

  /// Creates a reaction from logits and optional further outputs and recurrent state.
  public init(
    logits: Tensor, information: [(name: String, tensor: Tensor)] = [],
    hx: Nested<Tensor> = .empty
  ) {
    self.logits = logits
    self.information = information
    self.hx = hx
  }

  /// Creates a reaction with nested outputs, each recorded by its path, such as `heads.policy`.
  ///
  /// - Precondition: the outputs are a container.
  public init(logits: Tensor, outputs: Nested<Tensor>, hx: Nested<Tensor> = .empty) {
    precondition(outputs.value == nil, "an output without a name")
    self.init(
      logits: logits, information: Array(zip(outputs.paths(), outputs.leaves)), hx: hx)
  }

  /// All recorded outputs by path, the logits first.
  public var recorded: [(name: String, tensor: Tensor)] { [("logits", logits)] + information }

  /// The recorded output with a path, such as `logits` or `heads.policy`; nil if there is none.
  public subscript(path: String) -> Tensor? { recorded.first { $0.name == path }?.tensor }
}

/// An error of a policy that does not support its inputs or settings.
public struct PolicyError: Error, Equatable, CustomStringConvertible {
  /// The cause and the remedy.
  public var description: String

  /// Creates an error with a description in one sentence.
  public init(_ description: String) { self.description = description.escapingControls }
}

extension Policy {
  /// Does nothing: by default there are no sizes to check.
  public func checkSizes() throws(PolicyError) {}
}

/// The shapes of a policy's outputs, recurrent state and parameters, for laying out memory.
public struct PolicySignature: Sendable {
  /// The outputs recorded at each row, per environment.
  package let reaction: Nested<LeafSpecification>
  /// The outputs recorded for the final observation of a truncated episode: all but the logits.
  package let finalReaction: Nested<LeafSpecification>
  /// The recurrent state per environment.
  package let recurrentState: Nested<LeafSpecification>
  /// The parameters and their places in the weight vector.
  public let parameters: ParameterLayout
  /// The number of leading weights that hold all that a reaction depends on.
  ///
  /// Workers need no others. Behind them are those that only a learner uses, such as critics.
  package let actingWeightCount: Int

  /// Traces a policy once for some spaces and reads the shapes off the trace.
  ///
  /// - Throws: `PolicyError` when the policy does not support these spaces.
  public init(_ policy: any Policy, for spaces: EnvironmentSpaces) throws(PolicyError) {
    let trace = try PolicyTrace(policy, for: spaces)
    recurrentState = policy.recurrentState
    try Self.check(trace.reaction.hx, carries: recurrentState)
    reaction = Self.leaves(of: trace.reaction.recorded)
    let information = trace.reaction.information
    finalReaction = information.isEmpty ? .empty : Self.leaves(of: information)
    parameters = trace.graph.parameters
    actingWeightCount = trace.graph.weightCount(
      behind: trace.reaction.recorded.map(\.tensor) + trace.reaction.hx.leaves)
  }

  /// Returns the contents of a fragment recorded with this policy.
  public func contents(_ spaces: EnvironmentSpaces) -> FragmentContents {
    FragmentContents(
      spaces: spaces, reaction: reaction, finalReaction: finalReaction,
      recurrentState: recurrentState)
  }

  /// Returns the first weights, as every run draws them from its seed.
  public func initialWeights(seed: UInt64) -> FlatVector<Float> {
    let weights = FlatVector<Float>(repeating: 0, count: parameters.elementCount)
    var random = RandomStreams.initialization(seed: seed)
    parameters.initialize(weights, using: &random)
    return weights
  }

  /// Checks that weights are as many as the policy has.
  package func check(weightCount: Int) throws(PolicyError) {
    guard parameters.elementCount == weightCount else {
      throw PolicyError(
        """
        the policy has \(parameters.elementCount) weights, but \(weightCount) are given: use the \
        weights of the same network
        """)
    }
  }

  /// Returns the recorded shapes per environment of tensors [rows, B, …], by name.
  private static func leaves(
    of parts: [(name: String, tensor: Tensor)]
  ) -> Nested<LeafSpecification> {
    .fields(parts.map { ($0.name, .leaf(.init(.float32, Array($0.tensor.shape.dropFirst(2))))) })
  }

  /// Checks that the traced recurrent state matches `recurrentState` in structure, shape and type.
  private static func check(
    _ hx: Nested<Tensor>, carries state: Nested<LeafSpecification>
  ) throws(PolicyError) {
    guard state.leaves.allSatisfy({ $0.elementType == .float32 }) else {
      throw PolicyError("the policy's recurrentState is \(state.leaves): use float32 only")
    }
    guard let pairs = hx.zip(state), pairs.leaves.allSatisfy({ $0.shape == [1] + $1.shape }) else {
      throw PolicyError(
        """
        the policy returns a recurrent state of shapes \(hx.map(\.shape).leaves) for one \
        environment, but its recurrentState declares \(state.map { [1] + $0.shape }.leaves): \
        return these shapes under the same names
        """)
    }
  }
}

/// A policy traced for one environment and one row, to inspect its graph.
struct PolicyTrace {
  let graph: Graph
  /// The inputs available to the policy.
  let state: TracedState
  /// The traced outputs.
  let reaction: Reaction

  /// Traces a policy once.
  ///
  /// - Throws: `PolicyError` when the policy does not support these spaces.
  init(_ policy: any Policy, for spaces: EnvironmentSpaces) throws(PolicyError) {
    graph = Graph()
    let layout = FragmentLayout(
      stepCount: 0, environmentCount: 1, contents: .init(spaces: spaces, reaction: .empty))
    state = TracedState(
      graph, layout, rows: 0..<1,
      hx: graph.inputs(carrying: policy.recurrentState, environmentCount: 1))
    reaction = try policy.react(
      to: state, choosing: try policy.distribution(for: spaces.action), in: graph)
  }
}
