import Actor
import Foundation
import Learner
import Rollout
import Testing

/// Tests of the numbers that a spectator can read, against a policy that is computed by hand.
struct EpisodeMomentTests {
  /// An environment that counts from 0 or 5 until it is stopped.
  private struct Counter: Environment {
    var observation: Float = 0
    var observationSpace: Space { .box(shape: [], low: 0, high: 10) }
    var actionSpace: Space { .discrete(2) }
    static var actionNames: [String] { ["STOP", "GO"] }
    mutating func reset(using random: inout PCG64) {
      observation = random.nextDouble() < 0.5 ? 0 : 5
    }
    mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
      observation += 1
      return StepOutcome(reward: Double(observation) / 4, terminated: action == 0)
    }
  }

  /// A policy with scores and values that are linear in a number.
  private struct Line: Policy {
    static let kind = "line"
    func react(
      to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
    ) throws(PolicyError) -> Reaction {
      guard let obs = state.obs.value else { throw PolicyError("Line takes one number") }
      let x = obs.reshaped(obs.shape + [1])
      let value = graph.linear(x, outputs: 1, name: "value").reshaped(obs.shape)
      return Reaction(
        logits: distribution.logits(from: graph.linear(x, outputs: 2, name: "logits")),
        information: [
          ("value", value), ("powers", graph.concatenate([x, x.squared()])),
        ])
    }
  }

  /// A spectator that compares each moment with the policy's formula and with the rules.
  private final class Reader: EpisodeSpectator {
    var last: Double?
    var steps: [Int] = []
    var actions: [Int] = []
    func watch(_ moment: EpisodeMoment) {
      #expect(moment.outputNames == ["logits", "value", "powers"])
      let now = moment.observation(as: Float.self)
      #expect(moment.observation == .leaf([Double(now)]))
      defer { last = moment.isLast ? nil : Double(now) }
      guard moment.step > 0 else {
        #expect(now == 0 || now == 5)
        #expect(moment.previousObservation(as: Float.self) == nil)
        #expect(moment.previousObservation == nil && moment.action == nil)
        #expect(moment.action(as: Int.self) == nil && moment.actionName == nil)
        #expect(moment.reward == nil && moment.output("value") == nil)
        return
      }
      let x = last ?? .nan
      let before = moment.previousObservation(as: Float.self)
      #expect(before.map(Double.init) == x && moment.previousObservation == .leaf([x]))
      #expect(now == Float(x + 1) && moment.reward == Float((x + 1) / 4))
      let scores = [0.5 * x - 1, -0.25 * x + 2]
      let sum = log(exp(scores[0]) + exp(scores[1]))
      let logits = moment.output("logits") ?? []
      #expect(
        logits.count == 2 && zip(logits, scores).allSatisfy { abs(Double($0) - $1 + sum) < 1e-5 })
      #expect(moment.output("value") == [Float(3 * x - 0.5)])
      #expect(moment.output("powers") == [Float(x), Float(x * x)])
      #expect(moment.output("q") == nil)
      let action = moment.action(as: Int.self) ?? -1
      #expect(moment.action == .leaf([Double(action)]))
      #expect(moment.actionName == ["STOP", "GO"][action])
      #expect(moment.isOver == (action == 0 || moment.step == 4))
      #expect(moment.text.contains("  act \(action) \(["STOP", "GO"][action])  rew "))
      steps.append(moment.step)
      actions.append(action)
    }
  }

  @Test(arguments: [ActionChoice.greedy, .sample])
  func `a moment has the step's observation, action, reward and outputs`(
    choice: ActionChoice
  ) throws {
    try? EnvironmentRegistry.shared.register("CountsToMoments-v0") { Counter() }
    let evaluator = try Evaluator(
      environment: EnvironmentConfiguration("CountsToMoments-v0", limit: .steps(4)), policy: Line(),
      choice: choice, seed: 3)
    let weights = FlatVector<Float>(repeating: 0, count: evaluator.parameters.elementCount)
    let numbers: [String: [Float]] = [
      "logits.weight": [0.5, -0.25], "logits.bias": [-1, 2], "value.weight": [3],
      "value.bias": [-0.5],
    ]
    for entry in evaluator.parameters.entries {
      let values = try #require(numbers[entry.name])
      for (index, value) in zip(entry.range, values) { weights[index] = value }
    }
    let reader = Reader()
    let result = try evaluator.evaluate(weights, episodes: 0..<12, before: [reader])
    #expect(reader.steps.count == result.lengths.reduce(0, +))
    #expect(Set(reader.actions) == [0, 1] && Set(result.lengths).count > 1)
    #expect(result.truncatedCount > 0 && result.truncatedCount < 12)
  }
}
