import Actor
import Rollout

/// A policy for tests with its observations as scores, which can also output its state.
struct EchoPolicy: Policy, Equatable {
  static let kind = "echo"

  /// The factor of the scores.
  var sharpness = 1.0
  /// True to output the state.
  var repeats = false
  /// True to output the state in containers.
  var nests = false
  /// The kind of actor that has the distribution; `nil` for that of the space.
  var bounded: TwinCriticPolicy.ActorKind?

  func distribution(for space: Space) throws(PolicyError) -> any ActionDistribution {
    guard let bounded else { return try ActionDistributions.fitting(space) }
    return try TwinCriticPolicy(actor: bounded).distribution(for: space)
  }

  func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction {
    guard let obs = state.obs.value else { throw PolicyError("one array of scores, please") }
    let logits = distribution.logits(from: sharpness * obs)
    if nests {
      return Reaction(
        logits: logits,
        outputs: .fields([
          ("seen", .leaf(obs)), ("rest", .list([.leaf(state.stepno), .leaf(state.rew)])),
        ]))
    }
    guard repeats else { return Reaction(logits: logits) }
    return Reaction(
      logits: logits,
      information: [
        ("seen", obs), ("step", state.stepno), ("reward", state.rew), ("ended", state.fin),
      ])
  }

  /// Returns a layout for this policy: `count` observed scores, an action with `count` choices.
  func layout(count: Int, stepCount: Int, environmentCount: Int) throws -> FragmentLayout {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [count], low: -.infinity, high: 0), action: .discrete(count))
    return FragmentLayout(
      stepCount: stepCount, environmentCount: environmentCount,
      contents: try PolicySignature(self, for: spaces).contents(spaces))
  }
}
