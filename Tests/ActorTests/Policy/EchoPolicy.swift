import Rollout

@testable import Actor

/// A policy of the tests' own: its scores are what it sees, and it repeats its state.
struct EchoPolicy: Policy, Equatable {
  static let kind = "echo"

  /// What the scores are multiplied by.
  var sharpness = 1.0
  /// Whether it repeats its state in the reaction.
  var repeats = false

  func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction {
    guard let obs = state.obs.value else { throw PolicyError("one array of scores, please") }
    let logits = distribution.logits(from: sharpness * obs)
    guard repeats else { return Reaction(logits: logits) }
    return Reaction(
      logits: logits,
      information: [
        ("seen", obs), ("step", state.stepno), ("reward", state.rew), ("ended", state.fin),
      ])
  }

  /// The fragment of such a policy: `count` scores seen, one action of as many taken.
  func layout(count: Int, stepCount: Int, environmentCount: Int) throws -> FragmentLayout {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [count], low: -.infinity, high: 0), action: .discrete(count))
    return FragmentLayout(
      stepCount: stepCount, environmentCount: environmentCount,
      contents: try PolicySignature(self, for: spaces).contents(spaces))
  }
}
