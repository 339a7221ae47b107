import Actor
import Learner
import TestSupport
import Testing

/// A2C, PPO, V-trace and asynchronous PPO compared with their formulas in plain numbers.
struct ActorCriticTests {
  private func settings(_ normalizes: Bool) -> ActorCriticSettings {
    ActorCriticSettings(
      discount: 0.9, lambda: 0.8, entropyCost: 0.02, valueCost: 0.7,
      normalizesAdvantages: normalizes)
  }

  /// mean(policy) + c_v mean(error) − c_e mean(H).
  private func total(_ scene: ObjectiveScene, policy: [Double], error: [Double]) -> Double {
    scene.mean(policy) + 0.7 * scene.mean(error) - 0.02 * scene.entropy
  }

  /// Returns (v_t − target)² with the network's current value estimates.
  private func errors(_ scene: ObjectiveScene, _ targets: [Double]) -> [Double] {
    zip(scene.values, targets).map { ($0 - $1) * ($0 - $1) }
  }

  /// Returns the larger of (v_t − target)² and the same for a v_t near the recorded value.
  ///
  /// The second v_t is moved from the recorded value by at most `bound`.
  private func clippedErrors(
    _ scene: ObjectiveScene, _ targets: [Double], bound: Double
  ) -> [Double] {
    let values = scene.values
    return targets.indices.map { index in
      let before = scene.recorded.values[index]
      let held = min(max(values[index], before - bound), before + bound)
      let (free, moved) = (values[index] - targets[index], held - targets[index])
      return max(free * free, moved * moved)
    }
  }

  /// −min(ρ A, clip(ρ, 0.75, 1.25) A).
  private func surrogate(_ scene: ObjectiveScene, _ advantages: [Double]) -> [Double] {
    zip(scene.ratios, advantages).map { ratio, advantage in
      -min(ratio * advantage, min(max(ratio, 0.75), 1.25) * advantage)
    }
  }

  @Test(arguments: [false, true])
  func `A2C weighs log-probabilities with advantages of the trained network's values`(
    normalizes: Bool
  ) throws {
    let scene = try ObjectiveScene(AdvantageActorCritic(settings(normalizes)))
    let advantages = scene.judged.advantages(discount: 0.9, lambda: 0.8)
    let targets = zip(advantages, scene.values).map { $0 + $1 }
    let weights = normalizes ? scene.recorded.normalized(advantages) : advantages
    scene.check {
      total(
        scene, policy: zip(scene.logPi, weights).map { -$0 * $1 }, error: errors(scene, targets))
    }
  }

  @Test(arguments: [false, true])
  func `A2C with normalized returns has those of each environment as the value's targets`(
    mayWait: Bool
  ) throws {
    let scene = try ObjectiveScene(
      AdvantageActorCritic(settings(false), normalizesReturns: true), mayWait: mayWait)
    let steps = scene.judged
    let returns = steps.returns(discount: 0.9, bootstraps: false)
    var targets = returns
    for environment in 0..<steps.environments {
      let places = returns.indices.filter {
        $0 % steps.environments == environment && steps.endings[$0] != .waiting
      }
      let center = mean(places.map { returns[$0] })
      let squares = places.map { (returns[$0] - center) * (returns[$0] - center) }
      // An episode of one step has no deviation, and a normalized return of 0.
      let deviation = (squares.reduce(0, +) / Double(max(1, places.count - 1))).squareRoot()
      for place in places { targets[place] = (returns[place] - center) / (deviation + 1e-8) }
    }
    let advantages = zip(targets, scene.values).map { $0 - $1 }
    scene.check {
      total(
        scene, policy: zip(scene.logPi, advantages).map { -$0 * $1 },
        error: errors(scene, targets))
    }
  }

  @Test(arguments: [false, true], [Double.infinity, 0.4])
  func `PPO's surrogate is clipped, with advantages of the values that were recorded`(
    normalizes: Bool, valueClip: Double
  ) throws {
    let scene = try ObjectiveScene(
      ProximalPolicy(settings(normalizes), ClippedSurrogate(clip: 0.25, valueClip: valueClip)))
    let advantages = scene.recorded.advantages(discount: 0.9, lambda: 0.8)
    // Ratios within the bounds and beyond each of them, with positive and negative advantages.
    let cases = zip(scene.ratios, advantages).filter { $1 != 0 }.map { ratio, advantage in
      [ratio < 0.75 ? 0 : ratio > 1.25 ? 2 : 1, advantage > 0 ? 1 : 0]
    }
    #expect(Set(cases).count == 6)
    let targets = zip(advantages, scene.recorded.values).map { $0 + $1 }
    let weights = normalizes ? scene.recorded.normalized(advantages) : advantages
    scene.check {
      total(
        scene, policy: surrogate(scene, weights),
        error: valueClip.isFinite
          ? clippedErrors(scene, targets, bound: valueClip) : errors(scene, targets))
    }
  }

  @Test(arguments: [false, true])
  func `V-trace corrects values and advantages for the policy that collected`(
    normalizes: Bool
  ) throws {
    let scene = try ObjectiveScene(
      VTraceActorCritic(settings(normalizes), ImportanceClips(rho: 1.1, trace: 0.9)))
    let estimate = scene.judged.vTrace(discount: 0.9, lambda: 0.8, rhoClip: 1.1, cClip: 0.9)
    let weights = normalizes ? scene.recorded.normalized(estimate.advantages) : estimate.advantages
    scene.check {
      total(
        scene, policy: zip(scene.logPi, weights).map { -$0 * $1 },
        error: errors(scene, estimate.values))
    }
  }

  @Test(arguments: [false, true], [Double.infinity, 0.4])
  func `asynchronous PPO's surrogate has V-trace's advantages without their own weight`(
    normalizes: Bool, valueClip: Double
  ) throws {
    let scene = try ObjectiveScene(
      AsynchronousProximalPolicy(
        settings(normalizes), ClippedSurrogate(clip: 0.25, valueClip: valueClip),
        ImportanceClips(rho: 1.1, trace: 0.9)))
    let estimate = scene.judged.vTrace(discount: 0.9, lambda: 0.8, rhoClip: 1.1, cClip: 0.9)
    let advantages = zip(estimate.advantages, scene.ratios).map { $0 / min(1.1, $1) }
    let weights = normalizes ? scene.recorded.normalized(advantages) : advantages
    scene.check {
      total(
        scene, policy: surrogate(scene, weights),
        error: valueClip.isFinite
          ? clippedErrors(scene, estimate.values, bound: valueClip)
          : errors(scene, estimate.values))
    }
  }

  @Test func `the divergence is Schulman's third estimate of what the loss was looked at with`()
    throws
  {
    let scene = try ObjectiveScene(ProximalPolicy(settings(false)))
    let expected = scene.mean(
      zip(scene.logPi, scene.ratios).enumerated().map { index, pair in
        pair.1 - 1 - (pair.0 - scene.logMu[index])
      })
    #expect(isClose(try scene.metric("approx_kl"), expected, relative: 1e-12))
  }

  @Test(arguments: [false, true])
  func `what is reported is of the steps that were played`(mayWait: Bool) throws {
    let scene = try ObjectiveScene(
      ProximalPolicy(settings(false), ClippedSurrogate(clip: 0.25)), mayWait: mayWait)
    let advantages = scene.recorded.advantages(discount: 0.9, lambda: 0.8)
    let targets = zip(advantages, scene.recorded.values).map { $0 + $1 }
    let expected = [
      "policy_loss": scene.mean(surrogate(scene, advantages)), "entropy": scene.entropy,
      "rho_mean": scene.mean(scene.ratios),
      "rho_max": scene.recorded.played(scene.ratios).max() ?? .nan,
      "clip_fraction": scene.mean(scene.ratios.map { abs($0 - 1) > 0.25 ? 1 : 0 }),
      "value_mean": scene.mean(scene.values), "value_loss": scene.mean(errors(scene, targets)),
    ]
    for (name, number) in expected {
      // 21 terms in Double.
      #expect(isClose(try scene.metric(name), number, relative: 1e-12), "\(name)")
    }
  }

  @Test(
    arguments: [
      Reinforce(rhoClip: 0.5), AdvantageActorCritic(), ProximalPolicy(), VTraceActorCritic(),
      AsynchronousProximalPolicy(),
    ] as [any Objective])
  func `the distribution of ratios is of all steps that were played, before any clipping`(
    objective: any Objective
  ) throws {
    let scene = try ObjectiveScene(objective)
    let distribution = try #require(scene.loss.distributions.first)
    #expect(distribution.name == "rho_histogram" && distribution.histogram == .ratios)
    let counted = scene.executor.values(of: distribution.tensor)
    for (index, ending) in scene.recorded.endings.enumerated() {
      if ending == .waiting {
        #expect(counted[index].isNaN)
      } else {
        #expect(isClose(counted[index], scene.ratios[index], relative: 1e-12))
      }
    }
  }
}
