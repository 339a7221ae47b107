import Actor
import Rollout

/// A recurrent policy for tests.
///
/// Its scores are the observation plus half of the previous one. Two further parts of the recurrent
/// state are exchanged at each step.
struct MotionPolicy: Policy, Equatable {
  static let kind = "motion"

  /// The number of elements of an observation.
  var width = 3

  var recurrentState: Nested<LeafSpecification> {
    .fields([
      ("seen", .leaf(.init(.float32, [width]))), ("left", .leaf(.init(.float32, [2]))),
      ("right", .leaf(.init(.float32, [2]))),
    ])
  }

  func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction {
    guard let obs = state.obs.value, let seen = state.hx["seen"]?.value,
      let left = state.hx["left"]?.value, let right = state.hx["right"]?.value
    else { throw PolicyError("one array, please") }
    let before = graph.delayed(obs, from: seen, resets: state.fin.numeric)
    let rows = obs.shape[0]
    return Reaction(
      logits: distribution.logits(from: obs + 0.5 * before),
      information: [("before", before)],
      hx: .fields([
        ("seen", .leaf(obs.rows(rows - 1..<rows).reshaped(seen.shape))),
        ("left", .leaf(rows % 2 == 1 ? right : left)),
        ("right", .leaf(rows % 2 == 1 ? left + 1 : right)),
      ]))
  }
}
