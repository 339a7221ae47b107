import Rollout

/// Computes the outputs for final observations of truncated episodes, one environment at a time.
///
/// Few steps truncate an episode, and a network for one environment costs less than another
/// reaction of all. It shares the actor's weights in place and has its own copy of the recurrent
/// state. It computes nothing before the first truncation.
final class FinalReactor {
  private let executor: Executor<Float>
  /// A row of state for one environment.
  private let scratch: FragmentStorage
  /// The inputs for the leaves of the recurrent state.
  private let carried: FlatVector<Slot>
  private let recorded: FlatVector<Recorded>
  /// The copies of the fragment's columns to the state in the scratch row.
  private let copies: FlatVector<Copy>
  /// True if the weights have changed since the values derived from them were computed.
  private var isStale = true

  /// An output and the fragment's column that receives its copy.
  private struct Recorded: BitwiseCopyable {
    var source: Slot
    var column: Column
  }

  /// A column of the fragment and the column of the scratch row that receives its copy.
  private struct Copy: BitwiseCopyable {
    var source: Column
    var target: Column
    /// 0 for a column read at row t, 1 for one read at row t+1.
    var rowShift: Int
  }

  /// Traces the policy for one environment; `nil` if the layout records no final outputs.
  ///
  /// - Throws: `PolicyError` when the policy does not support the layout's spaces.
  init?(
    _ policy: any Policy, layout: FragmentLayout, weights: FlatVector<Float>
  ) throws(PolicyError) {
    guard !layout.finalReaction.leaves.isEmpty else { return nil }
    let scratch = FragmentStorage(
      FragmentLayout(stepCount: 0, environmentCount: 1, contents: layout.contents))
    self.scratch = scratch
    let graph = Graph()
    let single = scratch.layout
    let carried = graph.inputs(carrying: policy.recurrentState, environmentCount: 1)
    let reaction = try policy.react(
      to: TracedState(graph, single, rows: 0..<1, hx: carried),
      choosing: try policy.distribution(for: layout.contents.spaces.action), in: graph)
    let outputs = reaction.information.map { (name: $0.name, tensor: $0.tensor.numeric) }
    executor = Executor(
      graph, outputs: outputs.map(\.tensor) + carried.leaves, weights: weights)
    self.carried = FlatVector(carried.leaves.map { Slot($0.id) })
    var recorded: [Recorded] = []
    for (name, tensor) in outputs {
      guard let column = layout.finalReaction[name]?.value,
        column.environmentStride == tensor.elementCount * MemoryLayout<Float>.stride
      else { preconditionFailure("the layout has no room for the final '\(name)'") }
      recorded.append(Recorded(source: Slot(tensor.id), column: column))
    }
    self.recorded = FlatVector(recorded)
    // `fin` stays 0 and `stepno` continues, as if the episode had not ended.
    var copies = [Copy(source: layout.rew, target: single.rew, rowShift: 1)]
    for (source, target) in zip(layout.finalObs.leaves, single.obs.leaves) {
      copies.append(Copy(source: source, target: target, rowShift: 0))
    }
    for (source, target) in zip(layout.act.leaves, single.act.leaves) {
      copies.append(Copy(source: source, target: target, rowShift: 1))
    }
    self.copies = FlatVector(copies)
    executor.bind(scratch.view)
  }

  /// Marks everything derived from the weights as out of date; it is recomputed on the next use.
  func weightsChanged() { isStale = true }

  /// Writes `finalReaction[t]` for each environment truncated by the step from row t.
  ///
  /// The recurrent state is copied in before each reaction and does not advance.
  func react(
    to fragment: FragmentView, at t: Int, of range: Range<Int>, remembering state: CarriedState
  ) {
    if isStale {
      executor.weightsChanged()
      isStale = false
    }
    let target = scratch.view
    let truncated = fragment.values(fragment.layout.truncated, from: t, as: Bool.self)
    for environment in range where truncated[environment] {
      for index in 0..<copies.count {
        let copy = copies[index]
        fragment.copy(
          copy.source, row: t &+ copy.rowShift, of: environment..<environment + 1, to: target,
          copy.target, row: 0, from: 0)
      }
      var stepno = target.mutableValues(target.layout.stepno, as: Int32.self)
      let before = fragment.values(fragment.layout.stepno, from: t, as: Int32.self)
      stepno[0] = before[environment] &+ 1
      for leaf in 0..<carried.count {
        executor.set(
          carried[leaf], to: state.values, state.places(of: leaf, environment..<environment + 1))
      }
      executor.forward()
      for index in 0..<recorded.count {
        executor.copy(
          recorded[index].source, to: fragment, recorded[index].column, row: t,
          of: environment..<environment + 1)
      }
    }
  }
}
