import Rollout

/// An executable policy that reacts to one row of a fragment at a time.
///
/// Workers, evaluations and the learner's own process use it. Inputs are read in place from the
/// fragment, and outputs are written there. Nothing is allocated.
public final class PolicyActor: RolloutActor {
  /// The outputs recorded at each row, per environment.
  public let reaction: Nested<LeafSpecification>
  /// The recurrent state per environment.
  public let recurrentState: Nested<LeafSpecification>
  /// The ranges of environments that it can react to separately.
  public let parts: [Range<Int>]
  /// The weights in use.
  public let weights: FlatVector<Float>

  let carriedState: CarriedState
  private let streams: RandomStreamBuffer
  /// The actors for all environments and, with several parts, for each part.
  private let actors: [PolicyActorPart]
  /// The actors for row T, where other outputs are unread; `actors` unless some are at played rows.
  private let lastActors: [PolicyActorPart]
  /// The actor for final observations of truncated episodes; `nil` if no outputs are recorded.
  private let finalReactor: FinalReactor?

  /// Traces a policy for fragments of a layout.
  ///
  /// - Parameters:
  ///   - policy: the policy to execute.
  ///   - layout: the fragments to record, made with the policy's signature.
  ///   - weights: the vector of weights to share; call `weightsChanged` after changing it. `nil` to
  ///     create a vector of zeros.
  ///   - streams: one random stream for each environment, to draw actions from.
  ///   - choice: random actions or the most likely ones.
  ///   - parts: the ranges of environments to react to separately, from `EnvironmentBatch.parts`;
  ///     `nil` for all environments together.
  ///   - unread: the outputs that are not computed; their columns in the fragment stay as they are.
  ///     If all are read at played rows, row T has them all too, by the same graph.
  /// - Throws: `PolicyError` when the policy does not support the layout's spaces.
  /// - Precondition: the parts are ascending and cover all environments.
  public init(
    _ policy: any Policy, layout: FragmentLayout, weights: FlatVector<Float>? = nil,
    streams: [PCG64], choice: ActionChoice = .sample, parts: [Range<Int>]? = nil,
    unread: UnreadOutputs = UnreadOutputs()
  ) throws(PolicyError) {
    let all = 0..<layout.environmentCount
    let parts = parts ?? [all]
    precondition(!unread.played.contains("logits"), "actions are drawn from the logits")
    precondition(streams.count == all.count, "one stream for each environment")
    precondition(parts.flatMap(\.self).elementsEqual(all), "\(parts) of \(all.count) environments")
    let streams = RandomStreamBuffer(streams)
    self.streams = streams
    carriedState = CarriedState(layout.hx)
    var actors: [PolicyActorPart] = []
    var lastActors: [PolicyActorPart] = []
    for range in parts.count == 1 ? [all] : [all] + parts {
      actors.append(
        try PolicyActorPart(
          policy, layout: layout, of: range, streams: streams, choice: choice,
          carriedState: carriedState, weights: actors.first?.weights ?? weights,
          unread: unread.played))
      if unread.played.isEmpty { continue }
      lastActors.append(
        try PolicyActorPart(
          policy, layout: layout, of: range, streams: streams, choice: choice,
          carriedState: carriedState, weights: actors[0].weights, unread: unread.last,
          isLast: true))
    }
    reaction = layout.contents.reaction
    recurrentState = policy.recurrentState
    self.weights = actors[0].weights
    self.parts = parts
    self.actors = actors
    self.lastActors = lastActors.isEmpty ? actors : lastActors
    finalReactor = try FinalReactor(policy, layout: layout, weights: self.weights)
  }

  /// Marks everything derived from the weights as out of date.
  public func weightsChanged() {
    for actor in actors { actor.weightsChanged() }
    for actor in lastActors { actor.weightsChanged() }
    finalReactor?.weightsChanged()
  }

  /// Zeroes the recurrent state of one environment, or of all if `environment` is nil.
  public func reset(environment: Int?) { carriedState.reset(environment: environment) }

  /// Writes the recurrent state to the fragment's `hx`.
  public func recordState(into fragment: FragmentView) { carriedState.record(into: fragment) }

  /// Measures, saves or restores the random streams and the recurrent state.
  public func transfer(_ snapshot: inout SnapshotCursor) {
    streams.transfer(&snapshot)
    carriedState.transfer(&snapshot)
  }

  /// Reacts to row t of a range of environments.
  public func react(to fragment: FragmentView, at t: Int, of range: Range<Int>, virtual: Bool) {
    for actor in virtual ? lastActors : actors where actor.range == range {
      actor.react(to: fragment, at: t, virtual: virtual)
      return
    }
    preconditionFailure("\(range) is none of the parts \(parts)")
  }

  /// Reacts to the final observations of episodes truncated by the step from row t.
  public func reactToFinal(of fragment: FragmentView, at t: Int, of range: Range<Int>) {
    finalReactor?.react(to: fragment, at: t, of: range, remembering: carriedState)
  }
}

/// A policy traced for and executed on a range of a fragment's environments.
private final class PolicyActorPart {
  /// The range of environments.
  let range: Range<Int>
  private let executor: Executor<Float>
  private var isStale = true
  private let carriedState: CarriedState
  /// The input and the next value of each leaf of the recurrent state.
  private let carried: FlatVector<Carried>

  private let distribution: any ActionDistribution
  private let streams: RandomStreamBuffer
  private let choice: ActionChoice
  /// The recorded outputs, the logits first.
  private let recorded: FlatVector<Recorded>
  /// The number of logits per environment.
  private let width: Int
  /// The columns of the leaves of an action.
  private let actionColumns: FlatVector<Column>

  /// The input and the next value of a leaf of the recurrent state.
  private struct Carried: BitwiseCopyable {
    var input: Slot
    var next: Slot
  }

  /// An output and the column that receives its copy.
  ///
  /// The source is a slot because an output may be an input, which has another address at each row.
  private struct Recorded: BitwiseCopyable {
    var source: Slot
    var column: Column
  }

  /// Traces a policy for a range of environments in fragments of a layout.
  ///
  /// - Parameters:
  ///   - streams: one for each environment of the layout.
  ///   - carriedState: the recurrent state of all environments of the layout.
  ///   - weights: the vector of weights to share; `nil` to create a vector of zeros.
  ///   - unread: the paths of outputs that are not recorded; without actions, also the logits.
  ///   - isLast: true for virtual reactions only, which draw no actions.
  /// - Throws: `PolicyError` when the policy does not support the layout's spaces.
  init(
    _ policy: any Policy, layout: FragmentLayout, of range: Range<Int>,
    streams: RandomStreamBuffer, choice: ActionChoice, carriedState: CarriedState,
    weights: FlatVector<Float>?, unread: [String], isLast: Bool = false
  ) throws(PolicyError) {
    let graph = Graph()
    distribution = try policy.distribution(for: layout.contents.spaces.action)
    let inputs = graph.inputs(carrying: policy.recurrentState, environmentCount: range.count)
    let reaction = try policy.react(
      to: TracedState(graph, layout, rows: 0..<1, environments: range, hx: inputs),
      choosing: distribution, in: graph)
    self.range = range
    self.streams = RandomStreamBuffer(sharing: streams, from: range.lowerBound)
    self.choice = choice
    self.carriedState = carriedState
    width = distribution.logitCount
    precondition(
      reaction.logits.lastAxis == width,
      "logits of shape \(reaction.logits.shape) do not fit \(distribution)")
    actionColumns = FlatVector(layout.act.leaves)
    let outputs = reaction.recorded.filter { !unread.contains($0.name) }
      .map { (name: $0.name, tensor: $0.tensor.numeric) }
    let next = reaction.hx.map(\.numeric)
    // The recurrent state is an output even if no score depends on it: the fragment records it.
    executor = Executor(
      graph, outputs: outputs.map(\.tensor) + (isLast ? [] : next.leaves) + inputs.leaves,
      weights: weights)
    precondition(
      inputs.zip(next) != nil && inputs.zip(layout.hx) != nil,
      "the layout and the reaction have different recurrent states")
    var carried: [Carried] = []
    for (index, (input, next)) in zip(inputs.leaves, next.leaves).enumerated() {
      precondition(
        input.shape == next.shape
          && input.elementCount == carriedState.places(of: index, range).count,
        "the recurrent state \(next.shape) does not fit its input \(input.shape)")
      carried.append(Carried(input: Slot(input.id), next: Slot(next.id)))
    }
    self.carried = FlatVector(carried)
    var recorded: [Recorded] = []
    for (name, tensor) in outputs {
      guard let column = layout.actor[name]?.value,
        column.environmentStride * range.count
          == tensor.elementCount * MemoryLayout<Float>.stride
      else { preconditionFailure("the layout has no room for '\(name)' of shape \(tensor.shape)") }
      recorded.append(Recorded(source: Slot(tensor.id), column: column))
    }
    self.recorded = FlatVector(recorded)
  }

  /// The weights in use.
  var weights: FlatVector<Float> { executor.weights }

  /// Marks everything derived from the weights as out of date.
  func weightsChanged() { isStale = true }

  /// Reacts to the state of row t.
  func react(to fragment: FragmentView, at t: Int, virtual: Bool) {
    if recorded.count == 0 { return }
    if isStale {
      executor.weightsChanged()
      isStale = false
    }
    for leaf in 0..<carried.count {
      executor.set(
        carried[leaf].input, to: carriedState.values, carriedState.places(of: leaf, range))
    }
    executor.bind(fragment, row: t)
    executor.forward()
    for index in 0..<recorded.count {
      let entry = recorded[index]
      executor.copy(entry.source, to: fragment, entry.column, row: t, of: range)
    }
    if virtual { return }
    for leaf in 0..<carried.count {
      executor.copy(
        carried[leaf].next, to: carriedState.values, carriedState.places(of: leaf, range))
    }
    if actionColumns.count > 0 {
      distribution.act(
        on: executor.logits(recorded[0].source, environmentCount: range.count, width: width),
        choice: choice, streams: streams,
        into: ActionRow(
          fragment, actionColumns, row: t + 1, firstEnvironment: range.lowerBound))
    }
  }
}
