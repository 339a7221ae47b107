import Actor
import Foundation
import Learner
import Rollout
import TestSupport
import Testing

/// SAC's losses for a Discrete space compared with their formulas in plain numbers.
struct DiscreteSoftActorCriticTests {
  private static let actions = ObjectiveScene.actions
  private static let policy = TwinCriticPolicy(
    NetworkPolicy(inputs: [.obs], hidden: [5], activation: .tanh))

  /// Returns a scene, and α by its weights.
  ///
  /// Its further tensors are the actor's logits and both critics' values of all actions: those of
  /// the trained critics for the current row, and those of the target networks for the next row and
  /// the final observations.
  private static func scene(
    _ objective: SoftActorCritic, mayWait: Bool
  ) throws -> (ObjectiveScene, alpha: Double) {
    let scene = try ObjectiveScene(objective, policy, mayWait: mayWait) { fragment, graph in
      let next = fragment.next
      let final = TracedState(
        stepno: next.stepno, obs: fragment.finalObs, act: next.act, rew: next.rew, fin: next.fin,
        spaces: next.spaces)
      return try [(fragment.current, .online), (next, .target), (final, .target)].flatMap {
        (state: TracedState, weights: TwinCriticPolicy.Weights) in
        let features = try policy.features(of: state, by: weights, in: graph)
        return [
          try policy.logits(
            of: features, choosing: Categorical(count: actions), by: .online, in: graph)
        ] + (try policy.values(of: features, count: actions, by: weights, in: graph))
      }
    }
    let place = try #require(
      PolicySignature(policy, for: ObjectiveScene.spaces).parameters
        .range(of: TwinCriticPolicy.temperatureName)
    ).lowerBound
    return (scene, exp(scene.executor.weights[place]))
  }

  /// Returns Σ_a π(a) f(a, log π(a), min(q₀(a), q₁(a))) for each step.
  ///
  /// - Parameter first: the place of the logits among the further tensors.
  private func expectations(
    _ scene: ObjectiveScene, _ first: Int, _ term: (_ index: Int, Double, Double) -> Double
  ) -> [Double] {
    let values = (0..<3).map { scene.executor.values(of: scene.others[first + $0]) }
    return scene.taken.indices.map { step in
      (step * Self.actions..<(step + 1) * Self.actions).map { index in
        exp(values[0][index])
          * term(index, values[0][index], min(values[1][index], values[2][index]))
      }.reduce(0, +)
    }
  }

  @Test(arguments: [1, 2, 9], [false, true])
  func `critics learn the expected soft value, and no gradient passes through it`(
    multiStep: Int, mayWait: Bool
  ) throws {
    let (scene, alpha) = try Self.scene(
      SoftActorCritic(Self.policy, discount: 0.9, multiStep: multiStep), mayWait: mayWait)
    let soft = [3, 6].map { first in
      expectations(scene, first) { _, logPi, value in value - alpha * logPi }
    }
    let steps = scene.recorded
    let targets = steps.multiStepTargets(multiStep, discount: 0.9) { index in
      steps.ends[index] ? soft[1][index] : soft[0][index]
    }
    scene.check {
      [1, 2].map { critic in
        let taken = ObjectiveScene.picked(
          scene.executor.values(of: scene.others[critic]), scene.taken)
        return scene.mean(zip(taken, targets).map { ($0 - $1) * ($0 - $1) })
      }.reduce(0, +)
    }
  }

  @Test(arguments: [nil, 0.3, 1] as [Double?])
  func `the actor maximizes value and entropy, and the temperature follows its target`(
    fraction: Double?
  ) throws {
    var objective = SoftActorCritic(Self.policy, targetEntropy: fraction)
    objective.part = .actor
    let (scene, alpha) = try Self.scene(objective, mayWait: true)
    // The critics' values have no gradient here, and α none in the actor's part.
    let values = [1, 2].map { scene.executor.values(of: scene.others[$0]) }
    let smaller = zip(values[0], values[1]).map { min($0, $1) }
    let negativeEntropy = scene.mean(expectations(scene, 0) { _, logPi, _ in logPi })
    let excess = negativeEntropy + (fraction ?? 0.98) * log(3)
    let place = try #require(
      PolicySignature(Self.policy, for: ObjectiveScene.spaces).parameters
        .range(of: TwinCriticPolicy.temperatureName)
    ).lowerBound
    scene.check {
      scene.mean(expectations(scene, 0) { index, logPi, _ in alpha * logPi - smaller[index] })
        - scene.executor.weights[place] * excess
    }
    #expect(isClose(try scene.metric("log_prob"), negativeEntropy, relative: 1e-12))
    #expect(isClose(try scene.metric("temperature"), alpha, relative: 1e-12))
  }
}
