import Actor
import Foundation
import Learner
import Rollout
import TestSupport
import Testing

/// TD3's losses compared with PyTorch's over six updates.
struct TwinDelayedTests {
  @Test func `six updates are those of PyTorch`() throws {
    let scene = try TwinCriticScene("td3", actor: .deterministic)
    let reference = scene.reference
    var objective = TwinDelayed(
      scene.policy, discount: reference["gamma"].number,
      targetNoise: reference["target_noise"].number,
      targetNoiseClip: reference["noise_clip"].number)
    let critics = try TwinCriticScene.Part(objective, scene) { $0.hasPrefix("critic.") }
    objective.part = .actor
    let actor = try TwinCriticScene.Part(objective, scene) { $0.hasPrefix("actor.") }
    #expect(actor.loss.noise.isEmpty)
    for (update, trace) in reference["trace"].elements.enumerated() {
      func expect(_ observed: Double, _ expected: Double, _ name: String) {
        #expect(
          isClose(observed, expected, absolute: 1e-9, relative: 1e-9),
          "\(name) of update \(update): \(observed), not \(expected)")
      }
      critics.run(noise: reference["noise"].elements[update])
      expect(critics.value, trace["critic_loss"].number, "critic loss")
      if update == 0 {
        try scene.compare(critics.executor.gradients, with: trace["critic_gradients"])
      }
      critics.step()
      #expect(trace.keys.contains("actor_loss") == (update % 2 == 1))
      guard update % 2 == 1 else { continue }
      actor.run(noise: nil)
      expect(actor.value, trace["actor_loss"].number, "actor loss")
      if update == 1 {
        try scene.compare(actor.executor.gradients, with: trace["actor_gradients"], of: "actor")
      }
      actor.step()
      try scene.moveTargets()
    }
    try scene.compare(scene.weights, with: reference["after"])
  }
}
