import Rollout

/// A policy traced for and executed on a range of a fragment's environments.
final class PolicyActorPart {
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
  /// - Throws: `PolicyError` when the policy does not support the layout's spaces.
  init(
    _ policy: any Policy, layout: FragmentLayout, of range: Range<Int>,
    streams: RandomStreamBuffer, choice: ActionChoice, carriedState: CarriedState,
    weights: FlatVector<Float>?
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
    let outputs = reaction.recorded.map { (name: $0.name, tensor: $0.tensor.numeric) }
    let next = reaction.hx.map(\.numeric)
    // The recurrent state is an output even if no score depends on it: the fragment records it.
    executor = Executor(
      graph, outputs: outputs.map(\.tensor) + next.leaves + inputs.leaves, weights: weights)
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
