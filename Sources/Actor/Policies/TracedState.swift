import Rollout

/// The inputs of a policy as tensors: some rows of a fragment, [rows, B, …] each.
///
/// These are the arguments of `step(stepno, obs, act, rew, fin)` in rlplay's overview. A policy may
/// read any of them. An unread input costs nothing.
public struct TracedState {
  /// Steps since the episode began, int32 [rows, B].
  public let stepno: Tensor
  /// Observations [rows, B, …].
  public let obs: Nested<Tensor>
  /// The previous actions, on the steps into these rows, [rows, B, …].
  public let act: Nested<Tensor>
  /// The rewards of the steps into these rows, [rows, B].
  public let rew: Tensor
  /// True where the row begins an episode, bool [rows, B].
  public let fin: Tensor
  /// The recurrent state before the first of the rows, [B, …]; empty without memory.
  ///
  /// The state counts as zero before each row with `fin` set. For rows that do not follow each
  /// other, such as the states that the steps of a fragment led to before any reset, it is the
  /// state before each of them, [rows, B, …]; the policies of DQN, SAC and TD3 support that.
  public let hx: Nested<Tensor>
  /// The observation and action spaces.
  public let spaces: EnvironmentSpaces

  /// Creates a state from tensors that need not be columns of a fragment, such as Double ones.
  public init(
    stepno: Tensor, obs: Nested<Tensor>, act: Nested<Tensor>, rew: Tensor, fin: Tensor,
    hx: Nested<Tensor> = .empty, spaces: EnvironmentSpaces
  ) {
    self.stepno = stepno
    self.obs = obs
    self.act = act
    self.rew = rew
    self.fin = fin
    self.hx = hx
    self.spaces = spaces
  }

  /// Traces the rows `rows` of a fragment's state.
  ///
  /// - Parameters:
  ///   - graph: the graph to which the rows are inputs.
  ///   - layout: the layout of the fragment.
  ///   - rows: the range of rows.
  ///   - environments: the range of environments, in every row; `nil` for all.
  ///   - hx: the recurrent state before the first of the rows.
  public init(
    _ graph: Graph, _ layout: FragmentLayout, rows: Range<Int>, environments: Range<Int>? = nil,
    hx: Nested<Tensor> = .empty
  ) {
    func input(_ columns: Nested<Column>, _ leaves: Nested<LeafSpecification>) -> Nested<Tensor> {
      graph.inputs(columns, leaves, rows: rows, environments: environments)
    }
    func input(_ column: Column, _ type: ElementType) -> Tensor {
      graph.input(column, .init(type, []), rows: rows, environments: environments)
    }
    self.hx = hx
    spaces = layout.contents.spaces
    stepno = input(layout.stepno, .int32)
    rew = input(layout.rew, .float32)
    fin = input(layout.fin, .bool)
    obs = input(layout.obs, spaces.observation.leaves)
    act = input(layout.act, spaces.action.leaves)
  }

  /// Returns a range of the rows.
  ///
  /// - Parameters:
  ///   - range: the rows to return.
  ///   - hx: the recurrent state before the first of these rows.
  public func rows(_ range: Range<Int>, hx: Nested<Tensor> = .empty) -> TracedState {
    TracedState(
      stepno: stepno.rows(range), obs: obs.map { $0.rows(range) }, act: act.map { $0.rows(range) },
      rew: rew.rows(range), fin: fin.rows(range), hx: hx, spaces: spaces)
  }
}

/// A fragment as tensors, the input of an objective.
///
/// `current` and `next` are the two halves of `timeshift` in rlplay's overview: rows 0…T−1 and rows
/// 1…T of the same memory. `next.act[t]`, `next.rew[t]` and `next.fin[t]` follow from
/// `current.obs[t]`.
public struct TracedFragment {
  /// Rows 0…T−1.
  public let current: TracedState
  /// Rows 1…T.
  public let next: TracedState
  /// The rewards to learn from, [T, B]: `next.rew`, or its normalized values.
  public internal(set) var rewards: Tensor
  /// The outputs of the collecting actor at rows 0…T−1, by name.
  public let actor: Nested<Tensor>
  /// The outputs of the collecting actor at row T, by name: [B, …].
  public let virtual: Nested<Tensor>
  /// The outputs at row T to bootstrap from, by name, [B, …].
  ///
  /// These are `virtual` or, after `bootstrapping(from:after:choosing:in:)`, the outputs of the
  /// trained policy.
  public internal(set) var last: Nested<Tensor>
  /// True where the step terminated the episode, bool [T, B].
  public let terminated: Tensor
  /// True where the step truncated the episode, bool [T, B].
  public let truncated: Tensor
  /// The final observations of ended episodes, [T, B, …]; undefined where no episode ended.
  public let finalObs: Nested<Tensor>
  /// The collecting actor's outputs for the final observations of truncated episodes, by name.
  ///
  /// The shape is [T, B, …]. Values where `truncated` is not set are undefined and may be NaN.
  /// Empty if the actor has no outputs but logits.
  public let final: Nested<Tensor>
  /// True if the fragment may hold unplayed steps of environments that wait (`sticky`).
  public let mayWait: Bool
  /// The learner's estimates of each step, by name, [T, B, …]; empty unless made beforehand.
  package let made: Nested<Tensor>

  /// Creates a fragment from tensors that need not be its columns; both states have T rows.
  package init(
    current: TracedState, next: TracedState, actor: Nested<Tensor>,
    virtual: Nested<Tensor> = .empty, terminated: Tensor, truncated: Tensor,
    finalObs: Nested<Tensor> = .empty, final: Nested<Tensor> = .empty, mayWait: Bool = false
  ) {
    self.current = current
    self.next = next
    rewards = next.rew
    self.actor = actor
    self.virtual = virtual
    last = virtual
    self.terminated = terminated
    self.truncated = truncated
    self.finalObs = finalObs
    self.final = final
    self.mayWait = mayWait
    made = .empty
  }

  /// Traces a fragment of T ≥ 1 steps.
  package init(_ graph: Graph, _ layout: FragmentLayout) {
    let steps = layout.stepCount
    let carried = graph.inputs(layout.hx, layout.contents.recurrentState, rows: 0..<1)
    current = TracedState(
      graph, layout, rows: 0..<steps, hx: carried.map { $0.withoutFirstAxis })
    next = TracedState(graph, layout, rows: 1..<steps + 1)
    rewards = next.rew
    actor = graph.inputs(layout.actor, layout.contents.reaction, rows: 0..<steps)
    virtual = graph.inputs(layout.actor, layout.contents.reaction, rows: steps..<steps + 1)
      .map { $0.withoutFirstAxis }
    last = virtual
    terminated = graph.input(layout.terminated, .init(.bool, []), rows: 0..<steps)
    truncated = graph.input(layout.truncated, .init(.bool, []), rows: 0..<steps)
    let contents = layout.contents
    finalObs = graph.inputs(
      layout.finalObs, contents.spaces.observation.leaves, rows: 0..<steps)
    self.final = graph.inputs(layout.finalReaction, contents.finalReaction, rows: 0..<steps)
    mayWait = contents.mayWait
    made = graph.inputs(layout.estimates, contents.estimates, rows: 0..<steps)
  }

  /// Returns the fragment with the trained policy's outputs as `last`, without a gradient.
  ///
  /// - Parameters:
  ///   - policy: the trained policy.
  ///   - reaction: its reaction to `current`, which provides the recurrent state before row T.
  ///   - distribution: the action distribution.
  ///   - graph: the graph of the fragment.
  /// - Throws: `PolicyError` as the policy does.
  package func bootstrapping(
    from policy: any Policy, after reaction: Reaction,
    choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> TracedFragment {
    let steps = next.fin.shape[0]
    // `fin` at row T resets the recurrent state in the policy, as in a worker.
    let state = next.rows(steps - 1..<steps, hx: reaction.hx)
    let said = try policy.react(to: state, choosing: distribution, in: graph).recorded
    var copy = self
    copy.last = .fields(
      said.map { ($0.name, .leaf($0.tensor.withoutFirstAxis.stopGradient())) })
    return copy
  }
}

extension Graph {
  /// Returns inputs for the same rows of all columns of a container.
  func inputs(
    _ columns: Nested<Column>, _ leaves: Nested<LeafSpecification>, rows: Range<Int>,
    environments: Range<Int>? = nil
  ) -> Nested<Tensor> {
    guard let pairs = columns.zip(leaves) else {
      preconditionFailure("a layout whose columns do not have their space's structure")
    }
    return pairs.map { column, leaf in
      input(column, leaf, rows: rows, environments: environments)
    }
  }
}

extension Tensor {
  /// The tensor [1, …] without its first axis.
  fileprivate var withoutFirstAxis: Tensor { reshaped(Array(shape.dropFirst())) }
}
