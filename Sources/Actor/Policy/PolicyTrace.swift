import Rollout

/// A policy traced for one environment and row, to see what it is made of.
struct PolicyTrace {
  let graph: Graph
  /// What the policy could read.
  let state: TracedState
  /// What it said.
  let reaction: Reaction

  /// Traces a policy once.
  ///
  /// - Throws: `PolicyError` when it cannot deal with these spaces.
  init(_ policy: any Policy, for spaces: EnvironmentSpaces) throws(PolicyError) {
    graph = Graph()
    let layout = FragmentLayout(
      stepCount: 0, environmentCount: 1, contents: .init(spaces: spaces, reaction: .empty))
    state = TracedState(
      graph, layout, rows: 0..<1,
      hx: graph.inputs(carrying: policy.recurrentState, environmentCount: 1))
    reaction = try policy.react(
      to: state, choosing: try ActionDistributions.fitting(spaces.action), in: graph)
  }
}
