import Foundation
import Rollout
import TestSupport
import Testing

@testable import Actor
@testable import Learner

/// Q-learning's loss against its formula in plain numbers.
struct QLearningTests {
  private static let (steps, count, actions) = (5, 3, 4)
  private static let spaces = EnvironmentSpaces(
    observation: .box(shape: [2], low: -1, high: 1), action: .discrete(4))

  /// The loss traced in Double on random numbers, and those numbers.
  private final class Scene {
    let executor: Executor<Double>
    let loss: Tensor
    let (online, target, current): (Tensor, Tensor, Tensor)
    let (taken, rewards): ([Int32], [Double])
    let terminated: [Double]

    init(isDouble: Bool) throws {
      let (steps, count) = (QLearningTests.steps, QLearningTests.count)
      let total = steps * count
      let graph = Graph()
      let obs = graph.input([steps, count, 2])
      let (next, final) = (graph.input([steps, count, 2]), graph.input([steps, count, 2]))
      let act = graph.input([steps, count], elementType: .int32)
      let (rew, fin) = (graph.input([steps, count]), graph.input([steps, count]))
      let (ended, cut) = (graph.input([steps, count]), graph.input([steps, count]))
      func state(_ obs: Tensor) -> TracedState {
        TracedState(
          stepno: act, obs: .leaf(obs), act: .leaf(act), rew: rew, fin: fin,
          spaces: QLearningTests.spaces)
      }
      let fragment = TracedFragment(
        current: state(obs), next: state(next), actor: .fields([]), terminated: ended,
        truncated: cut, finalObs: .leaf(final))
      let policy = QNetworkPolicy(NetworkPolicy(inputs: [.obs], hidden: [5], activation: .tanh))
      let objective = QLearning(policy, discount: 0.9, isDouble: isDouble)
      let reaction = try policy.react(
        to: fragment.current, choosing: Categorical(count: 4), in: graph)
      let traced = try objective.loss(
        of: fragment, reaction: reaction, distribution: Categorical(count: 4))
      loss = traced.loss
      current = reaction.information[0].tensor
      online = try policy.values(of: fragment.arrival, by: .online, in: graph)
      target = try policy.values(of: fragment.arrival, by: .target, in: graph)
      executor = Executor(graph, outputs: [current, online, target], loss: loss)

      var generator = PCG64(seed: 17)
      func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in generator.uniform(-2, 2) } }
      taken = (0..<total).map { _ in Int32(generator.integer(below: 4)) }
      rewards = numbers(total)
      terminated = (0..<total).map { $0 % 5 == 1 ? 1 : 0 }
      let truncated = (0..<total).map { $0 % 5 == 3 ? 1.0 : 0 }
      executor.set(obs, to: numbers(2 * total))
      executor.set(next, to: numbers(2 * total))
      executor.set(final, to: numbers(2 * total))
      executor.set(act, toIntegers: taken)
      executor.set(rew, to: rewards)
      executor.set(fin, to: zip(terminated, truncated).map { max($0, $1) })
      executor.set(ended, to: terminated)
      executor.set(cut, to: truncated)
      executor.weights.assign(numbers(executor.weights.count).map { $0 / 2 })
      run()
    }

    func run() {
      executor.weightsChanged()
      executor.forward()
    }
  }

  /// y_t, held fixed.
  private func targets(_ scene: Scene, isDouble: Bool) -> [Double] {
    let online = scene.executor.values(of: scene.online)
    let target = scene.executor.values(of: scene.target)
    return scene.rewards.indices.map { index in
      let row = index * Self.actions..<(index + 1) * Self.actions
      let judge = isDouble ? online : target
      let best = row.max { judge[$0] < judge[$1] } ?? 0
      return scene.rewards[index] + 0.9 * (1 - scene.terminated[index]) * target[best]
    }
  }

  private func formula(_ scene: Scene, _ targets: [Double]) -> Double {
    let values = scene.executor.values(of: scene.current)
    let errors = targets.indices.map { index in
      abs(values[index * Self.actions + Int(scene.taken[index])] - targets[index])
    }
    return errors.reduce(0) { $0 + ($1 <= 1 ? $1 * $1 / 2 : $1 - 0.5) } / Double(errors.count)
  }

  @Test(arguments: [false, true])
  func `the loss is its formula, and a cut episode goes on in its final observation`(
    isDouble: Bool
  ) throws {
    let scene = try Scene(isDouble: isDouble)
    let expected = formula(scene, targets(scene, isDouble: isDouble))
    // Fifteen terms in Double.
    #expect(isClose(scene.executor.value(of: scene.loss), expected, relative: 1e-12))
  }

  @Test(arguments: [false, true])
  func `its gradient holds targets fixed and leaves the target network alone`(isDouble: Bool) throws
  {
    let scene = try Scene(isDouble: isDouble)
    let targets = targets(scene, isDouble: isDouble)
    scene.executor.backward()
    let gradients = scene.executor.gradients.elements
    let step = 1e-5
    let differences = gradients.indices.map { index in
      let before = scene.executor.weights[index]
      let sides = [step, -step].map { move in
        scene.executor.weights[index] = before + move
        scene.run()
        return formula(scene, targets)
      }
      scene.executor.weights[index] = before
      return (sides[0] - sides[1]) / (2 * step)
    }
    // Central differences with h = 1e-5 are off by about 1e-10 here.
    let difference = firstDifference(gradients, differences, absolute: 1e-8, relative: 1e-7)
    #expect(difference == nil, "\(difference ?? "")")
  }

  @Test func `actions are drawn at random with ε and otherwise the best`() throws {
    let graph = Graph()
    let state = TracedState(
      stepno: graph.input([1, 2], elementType: .int32), obs: .leaf(graph.input([1, 2, 2])),
      act: .leaf(graph.input([1, 2], elementType: .int32)), rew: graph.input([1, 2]),
      fin: graph.input([1, 2]), spaces: Self.spaces)
    let policy = QNetworkPolicy(NetworkPolicy(inputs: [.obs], hidden: []))
    let reaction = try policy.react(to: state, choosing: Categorical(count: 4), in: graph)
    let executor = Executor<Double>(
      graph, outputs: [reaction.logits, reaction.information[0].tensor])
    let entries = graph.parameters.entries
    let bias = try #require(entries.first { $0.name == "q.bias" }).range
    let epsilon = try #require(entries.first { $0.name == "epsilon" }).range
    for (place, value) in zip(bias, [1.0, 3, 2, -1]) { executor.weights[place] = value }
    executor.weights[epsilon.lowerBound] = 0.2
    executor.weightsChanged()
    executor.forward()
    let chances = executor.values(of: reaction.logits).map { exp($0) }
    for (chance, expected) in zip(chances, [0.05, 0.85, 0.05, 0.05, 0.05, 0.85, 0.05, 0.05]) {
      #expect(isClose(chance, expected, relative: 1e-12))
    }
    #expect(
      entries.filter { !$0.isLearnt }.map(\.name) == [
        "target.q.weight", "target.q.bias", "epsilon",
      ])
  }

  @Test func `actions that cannot be counted are refused`() {
    let error = #expect(throws: PolicyError.self) {
      try PolicySignature(
        QNetworkPolicy(),
        for: EnvironmentSpaces(
          observation: .box(shape: [2], low: -1, high: 1),
          action: .box(shape: [1], low: -1, high: 1)))
    }
    #expect(error?.description.contains("cannot be counted") == true)
  }
}
