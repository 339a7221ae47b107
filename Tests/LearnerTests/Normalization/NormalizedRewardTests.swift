import Learner
import Rollout
import Testing

@testable import Actor

/// The rewards that objectives receive.
struct NormalizedRewardTests {
  private func rewards(_ numbers: [Double], scale: Double?) -> [Double] {
    let graph = Graph()
    let shape = [1, numbers.count]
    let (rew, other) = (graph.input(shape), graph.input(shape))
    if scale != nil { _ = graph.returnScale() }
    let state = TracedState(
      stepno: other, obs: .empty, act: .empty, rew: rew, fin: other,
      spaces: EnvironmentSpaces(observation: .discrete(2), action: .discrete(2)))
    let fragment = TracedFragment(
      current: state, next: state, actor: .empty, terminated: other, truncated: other
    ).normalizingRewards()
    let weights = FlatVector<Double>(repeating: scale ?? 0, count: scale == nil ? 0 : 1)
    let executor = Executor<Double>(graph, outputs: [fragment.rewards], weights: weights)
    executor.set(rew, to: numbers)
    executor.weightsChanged()
    executor.forward()
    return executor.values(of: fragment.rewards)
  }

  @Test func `rewards are scaled and clipped, and what is not finite is seen`() {
    let scaled = rewards([0, 1, -2, 30, -1e30, .nan, .infinity, -.infinity], scale: 0.5)
    #expect(scaled.prefix(5) == [0, 0.5, -1, 10, -10])
    #expect(scaled.suffix(3).allSatisfy { $0.isNaN }, "\(scaled)")
  }

  @Test func `without a scale among the weights rewards are as they were`() {
    #expect(rewards([0, 1, -30], scale: nil) == [0, 1, -30])
  }
}
