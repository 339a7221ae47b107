import Rollout

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
