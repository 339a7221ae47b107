import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests of the recorded outputs and the drawn actions of an actor.
struct PolicyActorTests {
  /// Returns the logits of `Scene.policy` for one environment and row, computed by its formula.
  private func naiveLogits(
    _ fragment: FragmentView, _ weights: [Float], row: Int, environment: Int
  ) throws -> [Double] {
    let parameters = try PolicySignature(Scene.policy, for: Scene.spaces).parameters
    func parameter(_ name: String) throws -> [Double] {
      let entry = try #require(parameters.entries.first { $0.name == name })
      return weights[entry.range].map { Double($0) }
    }
    func linear(_ x: [Double], _ name: String) throws -> [Double] {
      let weight = try parameter("\(name).weight")
      return try parameter("\(name).bias").enumerated().map { output, bias in
        x.indices.reduce(bias) { $0 + weight[output * x.count + $1] * x[$1] }
      }
    }
    func embedded(_ index: Int32, _ name: String) throws -> [Double] {
      Array(try parameter(name)[Int(index) * 3..<Int(index) * 3 + 3])
    }
    func read<S: RecordableScalar>(_ column: Column, _: S.Type) -> [S] {
      let view: ColumnView<S> = fragment.column(column)
      return (0..<view.elementCount).map { view[row, environment, $0] }
    }
    let (obs, act) = (fragment.layout.obs.leaves, fragment.layout.act.leaves)
    var x = read(obs[0], Float.self).map { Double($0) }
    x += try embedded(read(obs[1], Int32.self)[0], "obs.mode.weight")
    x += read(obs[2], Double.self)
    x += read(obs[3], UInt8.self).map { Double($0) }
    for (choice, index) in read(obs[4], Int32.self).enumerated() {
      x += try embedded(index, "obs.bytes.1.\(choice).weight")
    }
    x += try embedded(read(act[0], Int32.self)[0], "act.weight")
    for name in ["hidden.0", "hidden.1"] { x = try linear(x, name).map { max($0, 0) } }
    let scores = try linear(x, "logits")
    let total = scores.reduce(0) { $0 + exp($1) }
    return scores.map { $0 - log(total) }
  }

  @Test func `what is recorded is what the network says of that row`() throws {
    let storage = FragmentStorage(Scene.layout(stepCount: 3, environmentCount: 11))
    let fragment = storage.view
    Scene.fill(fragment, seed: 4)
    let actor = try Scene.actor(storage.layout)
    let weights = actor.weights.elements
    let logits = try #require(fragment.actor("logits"))
    for t in 0...3 {
      // Row t holds the action drawn at t − 1, which is read before the actor continues.
      let expected = try (0..<11).map {
        try naiveLogits(fragment, weights, row: t, environment: $0)
      }
      actor.react(to: fragment, at: t, virtual: t == 3)
      for environment in 0..<11 {
        let observed = (0..<3).map { Double(logits[t, environment, $0]) }
        // Three layers of at most 16 terms near 1, each rounded at 6e-8.
        let difference = firstDifference(observed, expected[environment], absolute: 3e-6)
        #expect(difference == nil, "row \(t), environment \(environment): \(difference ?? "")")
      }
    }
  }

  @Test func `whatever a reaction repeats is recorded as numbers, at its own row`() throws {
    let policy = EchoPolicy(repeats: true)
    let layout = try policy.layout(count: 2, stepCount: 3, environmentCount: 2)
    let fragment = FragmentStorage(layout)
    let view = fragment.view
    let seen = view.obs(as: Float.self)
    for t in 0...3 {
      for b in 0..<2 {
        seen[t, b, 0] = Float(t) + 0.5
        seen[t, b, 1] = Float(b) - 0.5
        view.stepno[t, b] = Int32(100 * t + b)
        view.rew[t, b] = Float(t) - Float(b)
        view.fin[t, b] = (t + b) % 2 == 1
      }
    }
    let actor = try Scene.actor(layout, policy: policy)
    for t in 0...3 { actor.react(to: view, at: t, virtual: t == 3) }
    let (echo, step) = (try #require(view.actor("seen")), try #require(view.actor("step")))
    let (reward, ended) = (try #require(view.actor("reward")), try #require(view.actor("ended")))
    for t in 0...3 {
      for b in 0..<2 {
        #expect(echo[t, b, 0] == Float(t) + 0.5 && echo[t, b, 1] == Float(b) - 0.5)
        #expect(step[t, b] == Float(100 * t + b))
        #expect(reward[t, b] == Float(t) - Float(b))
        #expect(ended[t, b] == ((t + b) % 2 == 1 ? 1 : 0))
      }
    }
  }

  @Test func `nested outputs are recorded by path`() throws {
    let policy = EchoPolicy(nests: true)
    let layout = try policy.layout(count: 2, stepCount: 1, environmentCount: 1)
    let fragment = FragmentStorage(layout)
    let view = fragment.view
    (view.stepno[0, 0], view.rew[0, 0]) = (4, 0.5)
    view.obs(as: Float.self)[0, 0, 1] = -3
    try Scene.actor(layout, policy: policy).react(to: view, at: 0, virtual: false)
    #expect(view.actor("seen")?[0, 0, 1] == -3)
    #expect(view.actor("rest.0")?[0, 0] == 4 && view.actor("rest.1")?[0, 0] == 0.5)
    #expect(view.actor("rest") == nil && view.actor("rest.2") == nil)
    #expect(view.final("rest.1") != nil)
    let traced = TracedFragment(Graph(), layout)
    #expect(traced.actor.value(at: "rest.0")?.shape == [1, 1])
  }

  /// Returns the actions of 500 environments in 40 reactions to equal log-probabilities.
  private func draws(
    _ logProbabilities: [Float], choice: ActionChoice = .sample, seed: UInt64 = 3
  ) throws -> [Int32] {
    let layout = try EchoPolicy().layout(
      count: logProbabilities.count, stepCount: 40, environmentCount: 500)
    let storage = FragmentStorage(layout)
    let seen = storage.view.obs(as: Float.self)
    for t in 0...40 {
      for b in 0..<500 {
        for (index, value) in logProbabilities.enumerated() { seen[t, b, index] = value }
      }
    }
    let actor = try Scene.actor(layout, policy: EchoPolicy(), choice: choice, seed: seed)
    for t in 0..<40 { actor.react(to: storage.view, at: t, virtual: false) }
    return Array(storage.view.act(as: Int32.self).elements.dropFirst(500))
  }

  @Test(arguments: [
    [0.5, 0.5], [0.7, 0.2, 0.1], [0.1, 0, 0.3, 0.6, 0], [0, 1], [0.01, 0.99],
    [0.25, 0.25, 0.25, 0.25],
  ])
  func `actions are drawn as often as their probabilities say`(_ probabilities: [Double]) throws {
    for seed: UInt64 in [3, 4, 5] {
      let drawn = try draws(probabilities.map { Float(log($0)) }, seed: seed * 1000)
      var chiSquare = 0.0
      for (action, probability) in probabilities.enumerated() {
        let count = Double(drawn.count { $0 == action })
        let expected = probability * Double(drawn.count)
        guard probability > 0 else {
          #expect(count == 0, "an impossible action was drawn \(count) times")
          continue
        }
        chiSquare += (count - expected) * (count - expected) / expected
      }
      // χ² with at most 3 degrees of freedom exceeds 21.1 once in 10⁴.
      #expect(chiSquare < 21.1, "\(probabilities) with seed \(seed)")
      #expect(drawn.allSatisfy { probabilities.indices.contains(Int($0)) })
    }
  }

  @Test func `each environment draws from its own stream, the same again with equal seeds`() throws
  {
    let even: [Float] = [log(0.5), log(0.5)]
    let first = try draws(even)
    #expect(try draws(even) == first)
    #expect(try draws(even, seed: 4) != first)
    // 40 draws of two environments agree by chance with probability 2⁻⁴⁰.
    let one = stride(from: 0, to: first.count, by: 500).map { first[$0] }
    let two = stride(from: 1, to: first.count, by: 500).map { first[$0] }
    #expect(one != two)
  }

  @Test func `greedy takes the largest, the first of equals, and draws nothing`() throws {
    #expect(try draws([-2, -0.2, -3], choice: .greedy).allSatisfy { $0 == 1 })
    #expect(try draws([-0.7, -0.7], choice: .greedy).allSatisfy { $0 == 0 })
    #expect(try draws([-.infinity, -3, 0], choice: .greedy).allSatisfy { $0 == 2 })
  }

  @Test func `a virtual reaction plays nothing and draws nothing`() throws {
    let layout = try EchoPolicy().layout(count: 4, stepCount: 30, environmentCount: 3)
    let (plain, interrupted) = (FragmentStorage(layout), FragmentStorage(layout))
    let actors = try (0..<2).map { _ in try Scene.actor(layout, policy: EchoPolicy()) }
    for t in 0..<30 {
      actors[0].react(to: plain.view, at: t, virtual: false)
      let before = interrupted.view.act(as: Int32.self).elements
      actors[1].react(to: interrupted.view, at: t, virtual: true)
      #expect(interrupted.view.act(as: Int32.self).elements == before)
      actors[1].react(to: interrupted.view, at: t, virtual: false)
    }
    #expect(
      plain.view.act(as: Int32.self).elements == interrupted.view.act(as: Int32.self).elements)
    // Row T is the last one: it admits only a virtual reaction.
    actors[0].react(to: plain.view, at: 30, virtual: true)
    let logits = try #require(plain.view.actor("logits"))
    #expect(logits[30, 0, 0] == logits[0, 0, 0])
  }
}
