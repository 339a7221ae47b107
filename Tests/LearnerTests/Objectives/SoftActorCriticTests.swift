import Actor
import Foundation
import Learner
import Rollout
import TestSupport
import Testing

/// SAC's losses compared with PyTorch's over six updates.
struct SoftActorCriticTests {
  private static let critics: @Sendable (String) -> Bool = { $0.hasPrefix("critic.") }

  @Test func `six updates are those of PyTorch`() throws {
    let scene = try TwinCriticScene("sac", actor: .stochastic)
    let reference = scene.reference
    var objective = SoftActorCritic(scene.policy, discount: reference["gamma"].number)
    let critics = try TwinCriticScene.Part(objective, scene, learning: Self.critics)
    objective.part = .actor
    let actor = try TwinCriticScene.Part(objective, scene) { !Self.critics($0) }
    let temperature = try #require(
      scene.parameters.range(of: TwinCriticPolicy.temperatureName)
    ).lowerBound
    for (update, trace) in reference["trace"].elements.enumerated() {
      func expect(_ observed: Double, _ expected: Double, _ name: String) {
        #expect(
          isClose(observed, expected, absolute: 1e-9, relative: 1e-9),
          "\(name) of update \(update): \(observed), not \(expected)")
      }
      critics.run(noise: reference["noise", "next"].elements[update])
      expect(critics.value, trace["critic_loss"].number, "critic loss")
      if update == 0 {
        try scene.compare(critics.executor.gradients, with: trace["critic_gradients"])
      }
      critics.step()
      actor.run(noise: reference["noise", "current"].elements[update])
      expect(
        actor.value, trace["actor_loss"].number + trace["alpha_loss"].number, "actor loss")
      expect(try actor.metric("temperature"), trace["alpha"].number, "temperature")
      expect(try actor.metric("log_prob"), trace["log_prob_mean"].number, "log-density")
      let gradients = actor.executor.gradients
      if update == 0 {
        try scene.compare(gradients, with: trace["actor_gradients"], of: "actor")
        expect(gradients[temperature], trace["log_alpha_gradient"].number, "gradient of log α")
      }
      actor.step()
      try scene.moveTargets()
    }
    try scene.compare(scene.weights, with: reference["after"])
    #expect(
      isClose(scene.weights[temperature], reference["after", "log_alpha"].number, absolute: 1e-9))
  }
}
