import Actor
import Learner
import Rollout
import Testing

/// A policy's value estimates of rows 0…T of a fragment, traced as one run of 1+T rows.
final class ValueRerun {
  let executor: Executor<Float>
  let value: Tensor

  init(_ setup: RolloutSetup, _ layout: FragmentLayout) throws {
    let graph = Graph()
    let carried = TracedFragment(graph, layout).current.hx
    let state = TracedState(graph, layout, rows: 0..<layout.stepCount + 1, hx: carried)
    let reaction = try setup.policy.react(
      to: state, choosing: Categorical(count: 2), in: graph)
    value = try #require(reaction.information.first).tensor
    executor = Executor(graph, outputs: [value], weights: setup.weights)
  }

  /// Returns the values with the current weights, [1+T, B].
  func run(_ fragment: FragmentView) -> [Float] {
    executor.weightsChanged()
    executor.bind(fragment)
    executor.forward()
    return executor.values(of: value)
  }
}
