import Rollout

/// What an actor thinks: ordinary Swift, run once against a graph, from a state to a reaction.
///
/// An actor of one's own needs only this: worker processes find it under its `kind` once it is registered
/// (`PolicyRegistry`), and learn its settings through `Codable`.
public protocol Policy: Codable, Sendable {
  /// The name that worker processes and checkpoints know the policy by.
  static var kind: String { get }

  /// What the policy carries from one row to the next, per environment: float32 only; empty when it has no memory.
  var recurrentState: Nested<LeafSpecification> { get }

  /// Traces the reaction to a state.
  ///
  /// - Parameters:
  ///   - state: what the policy may read, [rows, B, …]: one row in a worker, T rows of one fragment in the learner. With
  ///     equal weights it must say the same of each row in both.
  ///   - distribution: how actions are drawn; it says how many scores it needs for each row.
  /// - Throws: `PolicyError` when the policy cannot deal with these spaces.
  func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction
}

extension Policy {
  /// Nothing is carried.
  public var recurrentState: Nested<LeafSpecification> { .empty }
}

/// What an actor says to a state: what it draws its action from, and what else it wants to have recorded.
public struct Reaction {
  /// Log-probabilities or whatever the distribution draws actions from, [rows, B, …].
  public var logits: Tensor
  /// More to be recorded in the fragment's `actor`, by name: `value` or `q`, for example.
  public var information: [(name: String, tensor: Tensor)]
  /// What is carried on after the last row, [B, …], in the structure of the policy's `recurrentState`.
  public var hx: Nested<Tensor>

  /// A reaction with nothing but logits, or with more to be recorded or carried on.
  public init(
    logits: Tensor, information: [(name: String, tensor: Tensor)] = [],
    hx: Nested<Tensor> = .empty
  ) {
    self.logits = logits
    self.information = information
    self.hx = hx
  }

  /// Everything that is recorded, by name.
  public var recorded: [(name: String, tensor: Tensor)] { [("logits", logits)] + information }
}

/// A policy cannot deal with what it was given.
public struct PolicyError: Error, Equatable, CustomStringConvertible {
  /// What is wrong, and what to do.
  public var description: String

  /// Describes the failure in a sentence.
  public init(_ description: String) { self.description = description }
}

/// What of a policy others must know before memory is laid out.
public struct PolicySignature: Sendable {
  /// What it records at each row, per environment.
  public let reaction: Nested<LeafSpecification>
  /// What of it it says to an observation at which a limit cut an episode: all but the logits.
  public let finalReaction: Nested<LeafSpecification>
  /// What it carries from one row to the next, per environment.
  public let recurrentState: Nested<LeafSpecification>
  /// Its parameters.
  public let parameters: ParameterLayout

  /// Traces a policy once to see what it is made of.
  ///
  /// - Throws: `PolicyError` when it cannot deal with these spaces.
  public init(_ policy: any Policy, for spaces: EnvironmentSpaces) throws(PolicyError) {
    let trace = try PolicyTrace(policy, for: spaces)
    recurrentState = policy.recurrentState
    try Self.check(trace.reaction.hx, carries: recurrentState)
    reaction = Self.leaves(of: trace.reaction.recorded)
    let information = trace.reaction.information
    finalReaction = information.isEmpty ? .empty : Self.leaves(of: information)
    parameters = trace.graph.parameters
  }

  /// Everything that a fragment of such an actor records.
  public func contents(_ spaces: EnvironmentSpaces) -> FragmentContents {
    FragmentContents(
      spaces: spaces, reaction: reaction, finalReaction: finalReaction,
      recurrentState: recurrentState)
  }

  /// What is recorded of tensors [rows, B, …], by name.
  private static func leaves(
    of parts: [(name: String, tensor: Tensor)]
  ) -> Nested<LeafSpecification> {
    .fields(parts.map { ($0.name, .leaf(.init(.float32, Array($0.tensor.shape.dropFirst(2))))) })
  }

  /// Whether what a policy carries on is what it says that it carries.
  private static func check(
    _ hx: Nested<Tensor>, carries state: Nested<LeafSpecification>
  ) throws(PolicyError) {
    guard state.leaves.allSatisfy({ $0.elementType == .float32 }) else {
      throw PolicyError("the policy carries \(state.leaves): only float32 can be carried")
    }
    guard let pairs = hx.zip(state), pairs.leaves.allSatisfy({ $0.shape == [1] + $1.shape }) else {
      throw PolicyError(
        """
        the policy carries on \(hx.map(\.shape).leaves) for one environment, which is not what its \
        recurrentState says: \(state.map { [1] + $0.shape }.leaves) under the same names
        """)
    }
  }
}
