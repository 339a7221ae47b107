import Rollout

/// The state that an actor reacts to, as tensors: some rows of a fragment, [rows, B, …] each.
///
/// This is the seed's `step(stepno, obs, act, rew, fin)`: a policy reads of it what it likes, and what it does not read
/// costs nothing.
public struct TracedState {
  /// Steps since the episode began, int32 [rows, B].
  public let stepno: Tensor
  /// Observations [rows, B, …].
  public let obs: Nested<Tensor>
  /// The actions that led here [rows, B, …].
  public let act: Nested<Tensor>
  /// Rewards received on arriving [rows, B].
  public let rew: Tensor
  /// Whether an episode ended on arriving, bool [rows, B].
  public let fin: Tensor
  /// What the actor carries when it comes to the first of the rows, [B, …]; empty when it has no memory.
  ///
  /// Where `fin` is set at a row, what is carried counts as zero before that row.
  public let hx: Nested<Tensor>
  /// What the environments emit and accept.
  public let spaces: EnvironmentSpaces

  /// A state made of tensors that need not lie in a fragment, such as figures in Double.
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
  ///   - environments: whose state; all environments' when it is nil, and of several rows.
  ///   - hx: what the actor carries when it comes to the first of them.
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

  /// Some of the rows.
  ///
  /// - Parameter hx: what the actor carries when it comes to the first of them.
  public func rows(_ range: Range<Int>, hx: Nested<Tensor> = .empty) -> TracedState {
    TracedState(
      stepno: stepno.rows(range), obs: obs.map { $0.rows(range) }, act: act.map { $0.rows(range) },
      rew: rew.rows(range), fin: fin.rows(range), hx: hx, spaces: spaces)
  }
}

/// A whole fragment as tensors: what an objective is written in.
///
/// `current` and `next` are the two halves of the seed's `timeshift`: rows 0…T−1 and rows 1…T of the same memory, so that
/// `next.act[t]`, `next.rew[t]` and `next.fin[t]` follow from `current.obs[t]`.
public struct TracedFragment {
  /// Rows 0…T−1.
  public let current: TracedState
  /// Rows 1…T.
  public let next: TracedState
  /// The rewards that followed from rows 0…T−1 as they are learnt from, [T, B]: `next.rew`, or normalised.
  public internal(set) var rewards: Tensor
  /// What the actor that collected the fragment said at rows 0…T−1, by name.
  public let actor: Nested<Tensor>
  /// What the actor that collected the fragment said at row T, by name: [B, …].
  public let virtual: Nested<Tensor>
  /// What is said to the state behind the last row as it is learnt from, by name, [B, …]: `virtual`, or what the trained policy
  /// says itself.
  public internal(set) var last: Nested<Tensor>
  /// Whether the task ended the episode on the step, bool [T, B].
  public let terminated: Tensor
  /// Whether a limit cut the episode on the step, bool [T, B].
  public let truncated: Tensor
  /// The observations that resets overwrote, [T, B, …]; anything where no episode ended.
  public let finalObs: Nested<Tensor>
  /// What the actor that collected the fragment said to those of them at which a limit cut an episode, by name: [T, B, …].
  ///
  /// Anything, NaN too, where `truncated` is not set; empty where the actor says nothing but logits.
  public let final: Nested<Tensor>
  /// Whether there may be steps that nobody played, since an environment waits (`sticky`).
  public let mayWait: Bool

  /// A fragment made of tensors that need not lie in one; both states have T rows.
  public init(
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
  }

  /// Traces a fragment of T ≥ 1 steps.
  public init(_ graph: Graph, _ layout: FragmentLayout) {
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
  }

  /// The fragment with what a policy says to row T in place of the actor's virtual reaction; passes no gradient.
  ///
  /// - Parameters:
  ///   - policy: the policy that is trained.
  ///   - reaction: what it says to `current`, and so what it carries to row T.
  ///   - distribution: how actions are drawn.
  /// - Throws: `PolicyError` as the policy does.
  public func bootstrapping(
    from policy: any Policy, after reaction: Reaction,
    choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> TracedFragment {
    let steps = next.fin.shape[0]
    // A reset at row T is one that the policy sees in that row, as in a worker.
    let state = next.rows(steps - 1..<steps, hx: reaction.hx)
    let said = try policy.react(to: state, choosing: distribution, in: graph).recorded
    var copy = self
    copy.last = .fields(
      said.map { ($0.name, .leaf($0.tensor.withoutFirstAxis.stopGradient())) })
    return copy
  }
}

extension Graph {
  /// The same rows of all columns of a container.
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
  /// A single row [1, …] without the axis that says so.
  fileprivate var withoutFirstAxis: Tensor { reshaped(Array(shape.dropFirst())) }
}
