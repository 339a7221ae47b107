import Foundation
import Rollout
import TestSupport
import Testing

@testable import Actor
@testable import Learner

/// REINFORCE against a value that the network learns, against its formula in plain numbers.
struct LearntBaselineTests {
  private static let (steps, count) = (7, 3)
  private static let spaces = EnvironmentSpaces(
    observation: .box(shape: [2], low: -1, high: 1), action: .discrete(3))
  private let objective = Reinforce(
    discount: 0.9, entropyCost: 0.02, rhoClip: 1.1, baseline: .value, valueCost: 0.7)

  /// The loss traced in Double on random numbers, and those numbers.
  private final class Scene {
    let executor: Executor<Double>
    let loss: TracedLoss
    let logits: Tensor
    let values: Tensor
    let actions: [Int32]
    let logMu: [Double]
    /// The steps, with every ending in them; nothing is known of values.
    let steps: NaiveTrajectory

    init(_ objective: Reinforce) throws {
      let (steps, count) = (LearntBaselineTests.steps, LearntBaselineTests.count)
      let total = steps * count
      let graph = Graph()
      let obs = graph.input([steps, count, 2])
      let act = graph.input([steps, count], elementType: .int32)
      let (rew, fin) = (graph.input([steps, count]), graph.input([steps, count]))
      let (terminated, truncated) = (graph.input([steps, count]), graph.input([steps, count]))
      let final = graph.input([steps, count])
      let behavior = graph.input([steps, count, 3])
      let judged = graph.input([count])
      func state(_ obs: Tensor) -> TracedState {
        TracedState(
          stepno: act, obs: .leaf(obs), act: .leaf(act), rew: rew, fin: fin,
          spaces: LearntBaselineTests.spaces)
      }
      let fragment = TracedFragment(
        current: state(obs), next: state(obs), actor: .fields([("logits", .leaf(behavior))]),
        virtual: .fields([("value", .leaf(judged))]), terminated: terminated,
        truncated: truncated, final: .fields([("value", .leaf(final))]))
      let reaction = try NetworkPolicy(
        inputs: [.obs], hidden: [6], activation: .tanh, value: .shared
      ).react(to: fragment.current, choosing: Categorical(count: 3), in: graph)
      loss = try objective.loss(
        of: fragment, reaction: reaction, distribution: Categorical(count: 3))
      logits = reaction.logits
      values = try #require(reaction.information.first).tensor
      executor = Executor(
        graph, outputs: [logits, values] + loss.metrics.map(\.tensor), loss: loss.loss)

      var generator = PCG64(seed: 41)
      actions = (0..<total).map { _ in Int32(generator.uniform(0, 3)) }
      self.steps = .random(steps: steps, environments: count, seed: 1)
      let scores = (0..<total * 3).map { _ in generator.uniform(-1, 1) }
      let log = naiveLogSoftmax(scores)
      logMu = actions.enumerated().map { log[3 * $0 + Int($1)] }
      executor.set(obs, to: (0..<total * 2).map { _ in generator.uniform(-1, 1) })
      executor.set(act, toIntegers: actions)
      executor.set(rew, to: self.steps.rewards)
      executor.set(fin, to: self.steps.ends.map { $0 ? 1 : 0 })
      executor.set(terminated, to: self.steps.terminated.map { $0 ? 1 : 0 })
      executor.set(truncated, to: self.steps.truncated.map { $0 ? 1 : 0 })
      executor.set(final, to: self.steps.final)
      executor.set(behavior, to: log)
      executor.set(judged, to: self.steps.last)
      executor.weights.assign(
        (0..<executor.weights.count).map { _ in generator.uniform(-0.7, 0.7) })
      run()
    }

    func run() {
      executor.weightsChanged()
      executor.forward()
    }
  }

  /// What the loss holds fixed: ρ, G and the baseline.
  private struct Fixed {
    var rho: [Double]
    var returns: [Double]
    var baseline: [Double]
  }

  private func fixed(_ scene: Scene) -> Fixed {
    let logits = scene.executor.values(of: scene.logits)
    let rho = scene.actions.indices.map { index in
      min(1.1, exp(logits[3 * index + Int(scene.actions[index])] - scene.logMu[index]))
    }
    var steps = scene.steps
    steps.values = scene.executor.values(of: scene.values)
    return Fixed(rho: rho, returns: steps.returns(discount: 0.9), baseline: steps.values)
  }

  /// The formula, with the network as it is now and the rest held fixed.
  private func formula(_ scene: Scene, _ fixed: Fixed) -> Double {
    let logits = scene.executor.values(of: scene.logits)
    let values = scene.executor.values(of: scene.values)
    var (score, error) = (0.0, 0.0)
    for index in scene.actions.indices {
      let advantage = fixed.returns[index] - fixed.baseline[index]
      score += fixed.rho[index] * advantage * logits[3 * index + Int(scene.actions[index])]
      error += (values[index] - fixed.returns[index]) * (values[index] - fixed.returns[index])
    }
    let entropy = logits.reduce(0) { $0 - $1 * exp($1) }
    let total = Double(scene.actions.count)
    return (-score + 0.7 * error - 0.02 * entropy) / total
  }

  @Test func `the loss is its formula, bootstrapped with the virtual reactions' values`() throws {
    let scene = try Scene(objective)
    #expect(Set(scene.steps.endings) == Set(NaiveTrajectory.Ending.allCases))
    let expected = formula(scene, fixed(scene))
    // Twenty-one terms in Double.
    #expect(isClose(scene.executor.value(of: scene.loss.loss), expected, relative: 1e-12))
    let names = scene.loss.metrics.map(\.name)
    #expect(names.suffix(2) == ["value_mean", "value_loss"])
  }

  @Test func `its gradient holds weights, returns and baseline fixed`() throws {
    let scene = try Scene(objective)
    let fixed = fixed(scene)
    scene.executor.backward()
    let gradients = scene.executor.gradients.elements
    let step = 1e-5
    let differences = gradients.indices.map { index in
      let before = scene.executor.weights[index]
      let sides = [step, -step].map { move in
        scene.executor.weights[index] = before + move
        scene.run()
        return formula(scene, fixed)
      }
      scene.executor.weights[index] = before
      return (sides[0] - sides[1]) / (2 * step)
    }
    // Central differences with h = 1e-5 are off by about 2e-11 here (h²/6 · f''' and rounding).
    let difference = firstDifference(gradients, differences, absolute: 1e-9, relative: 1e-8)
    #expect(difference == nil, "\(difference ?? "")")
  }

  @Test func `a policy without a value is refused in a sentence`() throws {
    let setup = try Collection.setup()
    let error = #expect(throws: PolicyError.self) {
      try PolicyUpdate(
        setup.policy, objective, layout: setup.layout, weights: setup.weights,
        optimiser: SGD<Float>(count: setup.weights.count, learningRate: 0.1))
    }
    #expect(error?.description.contains("value") == true)
  }
}

/// log softmax over each three numbers, from its definition.
private func naiveLogSoftmax(_ scores: [Double]) -> [Double] {
  scores.indices.map { index in
    let row = scores[index / 3 * 3..<index / 3 * 3 + 3]
    return scores[index] - log(row.reduce(0) { $0 + exp($1) })
  }
}
