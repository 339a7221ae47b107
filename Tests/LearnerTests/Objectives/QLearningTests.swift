import Actor
import Foundation
import Learner
import Rollout
import TestSupport
import Testing

/// Q-learning's loss compared with its formula in plain numbers.
struct QLearningTests {
  private static let spaces = EnvironmentSpaces(
    observation: .box(shape: [2], low: -1, high: 1), action: .discrete(4))

  /// Returns the n-step targets from both networks' outputs for the next row and for final
  /// observations.
  private func targets(_ scene: ObjectiveScene, multiStep: Int, isDouble: Bool) -> [Double] {
    let values = scene.others.map { scene.executor.values(of: $0) }
    let steps = scene.recorded
    return steps.multiStepTargets(multiStep, discount: 0.9) { index in
      let (online, target) =
        steps.ends[index] ? (values[2], values[3]) : (values[0], values[1])
      let row = index * ObjectiveScene.actions..<(index + 1) * ObjectiveScene.actions
      let judge = isDouble ? online : target
      let best = row.max { judge[$0] < judge[$1] } ?? 0
      return target[best]
    }
  }

  @Test(arguments: [1, 2, 3, 9], [false, true])
  func `the loss is Huber's of what an action is worth, and its gradient holds targets fixed`(
    multiStep: Int, isDouble: Bool
  ) throws {
    let policy = QNetworkPolicy(
      NetworkPolicy(inputs: [.obs], hidden: [5], activation: .tanh), isDueling: multiStep == 2)
    for mayWait in [false, true] {
      let scene = try ObjectiveScene(
        QLearning(policy, discount: 0.9, multiStep: multiStep, isDouble: isDouble), policy,
        mayWait: mayWait
      ) { fragment, graph in
        let next = fragment.next
        let final = TracedState(
          stepno: next.stepno, obs: fragment.finalObs, act: next.act, rew: next.rew, fin: next.fin,
          spaces: next.spaces)
        return try [next, final].flatMap { state in
          try [.online, .target].map { try policy.values(of: state, by: $0, in: graph).q }
        }
      }
      let targets = targets(scene, multiStep: multiStep, isDouble: isDouble)
      scene.check {
        let taken = ObjectiveScene.picked(scene.values, scene.taken)
        // Steps that were not played do not count.
        let played = taken.indices.filter { scene.recorded.endings[$0] != .waiting }
        return mean(
          played.map { step in
            let size = abs(taken[step] - targets[step])
            return size <= 1 ? size * size / 2 : size - 0.5
          })
      }
    }
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
      entries.filter { !$0.isLearned }.map(\.name) == [
        "target.q.weight", "target.q.bias", "epsilon",
      ])
  }

  @Test(arguments: [[], [3], [4, 3]])
  func `two streams add up to action values, with the mean advantage taken off`(
    hidden: [Int]
  ) throws {
    let graph = Graph()
    let obs = graph.input([1, 2, 2])
    let state = TracedState(
      stepno: graph.input([1, 2], elementType: .int32), obs: .leaf(obs),
      act: .leaf(graph.input([1, 2], elementType: .int32)), rew: graph.input([1, 2]),
      fin: graph.input([1, 2]), spaces: Self.spaces)
    let policy = QNetworkPolicy(
      NetworkPolicy(inputs: [.obs], hidden: hidden, activation: .tanh), isDueling: true)
    let reaction = try policy.react(to: state, choosing: Categorical(count: 4), in: graph)
    let q = try #require(reaction["q"])
    let executor = Executor<Double>(graph, outputs: [q])
    var random = PCG64(seed: 2)
    executor.weights.assign((0..<executor.weights.count).map { _ in random.uniform(-1, 1) })
    let inputs = [[0.3, -0.7], [1.1, 0.4]]
    executor.set(obs, to: inputs.flatMap(\.self))
    executor.weightsChanged()
    executor.forward()
    let layout = graph.parameters
    func layer(_ name: String, _ input: [Double]) throws -> [Double] {
      let weight = try #require(layout.range(of: "\(name).weight"), "\(name)")
      let bias = try #require(layout.range(of: "\(name).bias"))
      return bias.enumerated().map { output, place in
        input.indices.reduce(executor.weights[place]) {
          $0 + input[$1] * executor.weights[weight.lowerBound + output * input.count + $1]
        }
      }
    }
    let expected = try inputs.flatMap { input in
      // The last hidden layer belongs to the streams.
      let features = hidden.count == 2 ? try layer("hidden", input).map(tanh) : input
      func stream(_ name: String) throws -> [Double] {
        let own =
          hidden.isEmpty ? features : try layer("q.\(name).hidden", features).map(tanh)
        return try layer("q.\(name)", own)
      }
      let (value, advantages) = (try stream("value")[0], try stream("advantage"))
      return advantages.map { value + $0 - advantages.reduce(0, +) / 4 }
    }
    #expect(firstDifference(executor.values(of: q), expected, absolute: 1e-12) == nil)
    let online = layout.entries.filter(\.isLearned).map(\.name)
    #expect(
      layout.entries.filter { !$0.isLearned }.map(\.name)
        == online.map { "target.\($0)" } + ["epsilon"])
  }

  @Test func `settings with and without streams come back from their text`() throws {
    for policy in [QNetworkPolicy(), QNetworkPolicy(isDueling: true)] {
      let text = PolicyRegistry.encode(policy)
      #expect(text.contains("isDueling") == policy.isDueling)
      #expect(try PolicyRegistry.decode(text) as? QNetworkPolicy == policy)
    }
  }

  @Test func `actions that cannot be counted are refused`() {
    let error = #expect(throws: PolicyError.self) {
      try PolicySignature(
        QNetworkPolicy(),
        for: EnvironmentSpaces(
          observation: .box(shape: [2], low: -1, high: 1),
          action: .box(shape: [1], low: -1, high: 1)))
    }
    #expect(error?.description.contains("needs a Discrete action space") == true)
  }
}
