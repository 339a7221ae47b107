import Rollout

/// A policy at work: reacts to one row of a fragment at a time, in a worker, in an evaluation, in the learner's own process.
///
/// Inputs are read where they lie in the fragment, and the reaction is written there; nothing is allocated.
public final class PolicyActor: RolloutActor {
  /// What is recorded at each row, per environment.
  public let reaction: Nested<LeafSpecification>
  /// What is carried from row to row, per environment.
  public let recurrentState: Nested<LeafSpecification>
  /// The weights in use.
  public var weights: FlatVector<Float> { executor.weights }

  private let executor: Executor<Float>
  private let distribution: any ActionDistribution
  private let streams: RandomStreamBuffer
  private let choice: ActionChoice
  /// Everything that is recorded, the logits first.
  private let recorded: UnsafeMutableBufferPointer<Recorded>
  /// Numbers that the logits have for each environment.
  private let width: Int
  /// Where the leaves of an action lie.
  private let actionColumns: UnsafeMutableBufferPointer<Column>
  private let carriedState: CarriedState
  /// What reacts to the observations at which limits cut episodes; `nil` where nothing is recorded of it.
  private let finalReactor: FinalReactor?

  /// A tensor of the reaction and the column that it is copied to.
  ///
  /// By slot: a reaction may repeat an input, which lies elsewhere at each row.
  private struct Recorded: BitwiseCopyable {
    var source: Slot
    var column: Column
  }

  /// Traces a policy for fragments of a layout.
  ///
  /// - Parameters:
  ///   - policy: what to react with.
  ///   - layout: the fragments to record, made with the policy's signature.
  ///   - streams: one for each environment, to draw actions from.
  ///   - choice: whether actions are drawn or the likeliest is taken.
  /// - Throws: `PolicyError` when the policy cannot deal with the layout's spaces.
  public init(
    _ policy: any Policy, layout: FragmentLayout, streams: [PCG64], choice: ActionChoice = .sample
  ) throws(PolicyError) {
    let spaces = layout.contents.spaces
    precondition(streams.count == layout.environmentCount, "one stream for each environment")
    let graph = Graph()
    distribution = try ActionDistributions.fitting(spaces.action)
    let carried = graph.inputs(
      carrying: policy.recurrentState, environmentCount: layout.environmentCount)
    let reaction = try policy.react(
      to: TracedState(graph, layout, rows: 0..<1, hx: carried), choosing: distribution, in: graph)
    self.reaction = layout.contents.reaction
    recurrentState = policy.recurrentState
    self.streams = RandomStreamBuffer(streams)
    self.choice = choice
    width = distribution.logitCount
    precondition(
      reaction.logits.lastAxis == width,
      "\(reaction.logits.shape) is not what \(distribution) records")
    actionColumns = .copy(of: layout.act.leaves)
    let outputs = reaction.recorded.map { (name: $0.name, tensor: $0.tensor.numeric) }
    let next = reaction.hx.map(\.numeric)
    // What is carried is wanted even if no score depends on it: the fragment records it.
    executor = Executor(
      graph, outputs: outputs.map(\.tensor) + next.leaves + carried.leaves)
    carriedState = CarriedState(carried, becoming: next, columns: layout.hx, executor: executor)
    var recorded: [Recorded] = []
    for (name, tensor) in outputs {
      guard let column = layout.actor[name]?.value,
        column.rowStride == tensor.elementCount * MemoryLayout<Float>.stride
      else { preconditionFailure("the layout has no room for '\(name)' of shape \(tensor.shape)") }
      recorded.append(Recorded(source: Slot(tensor.id), column: column))
    }
    self.recorded = .copy(of: recorded)
    finalReactor = try FinalReactor(policy, layout: layout, weights: executor.weights)
  }

  deinit {
    recorded.deallocate()
    actionColumns.deallocate()
  }

  /// Renews what is derived from the weights.
  public func weightsChanged() {
    executor.weightsChanged()
    finalReactor?.weightsChanged()
  }

  /// Zeroes what is carried for one environment; for all when `environment` is nil.
  public func reset(environment: Int?) { carriedState.reset(environment: environment) }

  /// Writes what is carried to the fragment's `hx`.
  public func recordState(into fragment: FragmentView) { carriedState.record(into: fragment) }

  /// Reacts to the state of row t.
  public func react(to fragment: FragmentView, at t: Int, virtual: Bool) {
    executor.bind(fragment, row: t)
    executor.forward()
    for entry in recorded {
      (fragment.base + entry.column.offset(row: t))
        .copyMemory(from: executor[entry.source], byteCount: entry.column.rowStride)
    }
    if virtual { return }
    if !carriedState.isEmpty { carriedState.advance() }
    if let columns = actionColumns.baseAddress {
      let logits = LogitsView(
        environmentCount: fragment.layout.environmentCount, width: width, stride: width,
        base: UnsafePointer(executor[recorded[0].source]))
      distribution.act(
        on: logits, choice: choice, streams: streams,
        into: ActionRow(fragment: fragment.base, columns: columns, row: t + 1))
    }
  }

  /// Reacts to the observations at which limits cut episodes on the step from row t.
  public func reactToFinal(of fragment: FragmentView, at t: Int) {
    finalReactor?.react(to: fragment, at: t, remembering: carriedState)
  }
}
