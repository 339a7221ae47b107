import Actor
import Rollout

extension Algorithm {
  /// Twin delayed deep deterministic policy gradient: TD3.
  public static let td3 = Algorithm(
    name: TwinDelayed.name,
    options: twinCriticOptions.union([
      "policy-delay", "exploration-noise", "target-noise", "target-noise-clip",
    ]),
    defaults: {
      $0.adoptTwinCriticDefaults()
      $0.learningRate = 0.001
    },
    validate: { (configuration) throws(ConfigurationError) in
      try configuration.validateTwinCritics()
      try ConfigurationError.check("policy-delay", configuration.policyDelay, in: 1...1_000_000)
      let exploration = configuration.explorationNoise
      try configuration.refuse(
        "exploration-noise", exploration,
        unless: exploration.smallest >= 0 && exploration.isFinite,
        "use 0 or a small positive number, such as 0.1")
      for (option, noise) in [
        ("target-noise", configuration.targetNoise),
        ("target-noise-clip", configuration.targetNoiseClip),
      ] {
        try configuration.refuse(
          option, noise, unless: noise >= 0 && noise.isFinite,
          "use 0 or a small positive number, such as 0.2")
      }
    },
    validateMemory: { (configuration, batchLayout) throws(ConfigurationError) in
      try configuration.validateReplayMemory(batchLayout)
    },
    policy: { TwinCriticPolicy($1, actor: .deterministic) },
    objective: { configuration, policy in
      var objective = TwinDelayed(
        (policy as? TwinCriticPolicy) ?? TwinCriticPolicy(actor: .deterministic),
        discount: configuration.gamma, multiStep: configuration.multiStep,
        targetNoise: configuration.targetNoise, targetNoiseClip: configuration.targetNoiseClip)
      objective.isPrioritized = configuration.replayPriority > 0
      return objective
    },
    scheduledBuffers: {
      [$0.warmUp, ScheduledBuffer(ClippedGaussian.deviationName, $0.explorationNoise)]
    },
    learner: { try $0.makeTwinCriticReplay(actorInterval: $0.configuration.policyDelay) })
}

/// Twin delayed deep deterministic policy gradient: a deterministic actor judged by two critics.
///
/// With π the actor, q of the critics, π⁻ and q⁻ of the target networks, s′ the state that a step
/// led to, before any reset, and actions in units of half their ranges:
///
///     a′ = clip(π⁻(s′_t) + clip(σ z, ±c), ±1),   z standard normal
///     y⁽¹⁾_t = r_{t+1} + γ (1 − terminated_t) min(q⁻₀(s′_t, a′), q⁻₁(s′_t, a′))
///     y⁽ⁿ⁾_t = r_{t+1} + γ y⁽ⁿ⁻¹⁾_{t+1}, and y⁽¹⁾_t at the end of an episode or fragment
///     critics: mean((q₀(s_t, a_t) − y⁽ⁿ⁾_t)²) + mean((q₁(s_t, a_t) − y⁽ⁿ⁾_t)²)
///     actor:   −mean(q₀(s_t, π(s_t)))
///
/// No gradient passes through y, and none of the actor's loss reaches the critics' parameters. The
/// actor and all target networks move after every `--policy-delay` updates of the critics alone.
///
/// Source: Fujimoto et al. (2018), "Addressing function approximation error in actor-critic
/// methods", algorithm 1.
package struct TwinDelayed: TwinCriticObjective, Equatable, Encodable {
  /// The algorithm's name in run directories and checkpoints.
  package static let name = "td3"

  /// The policy with actor, critics and target networks.
  package var policy: TwinCriticPolicy
  /// γ, the discount factor.
  package var discount: Double
  /// n, the number of rewards in a target before the value of the state that follows.
  package var multiStep: Int
  /// σ, the standard deviation of the noise of actions in targets, in units of half their ranges.
  package var targetNoise: Double
  /// c, the largest noise of an action in targets, in the same units.
  package var targetNoiseClip: Double
  /// The loss to trace.
  package var part = TwinCriticPart.critics
  /// True if samples are drawn by priorities, whose bias the critics' loss corrects with weights.
  var isPrioritized = false

  /// Creates the objective with the given settings.
  ///
  /// - Precondition: `multiStep` is at least 1.
  package init(
    _ policy: TwinCriticPolicy, discount: Double = 0.99, multiStep: Int = 1,
    targetNoise: Double = 0.2, targetNoiseClip: Double = 0.5
  ) {
    precondition(multiStep >= 1, "returns over \(multiStep) steps: use at least 1")
    self.policy = policy
    self.discount = discount
    self.multiStep = multiStep
    self.targetNoise = targetNoise
    self.targetNoiseClip = targetNoiseClip
  }

  /// Traces the loss of the critics or of the actor.
  package func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    guard let distribution = distribution as? ClippedGaussian else {
      throw PolicyError("TD3 trains a TwinCriticPolicy with a deterministic actor")
    }
    let graph = reaction.logits.graph
    let range = distribution.range
    let features = try policy.features(of: fragment.current, by: .online, in: graph)
    switch part {
    case .critics:
      let held = try policy.features(of: fragment.current, by: .target, in: graph)
      let arrival = try policy.features(
        of: fragment.arrival.after(held.hx), by: .target, in: graph)
      let noise = graph.input(reaction.logits.shape.dropLast() + [range.count])
      let units = distribution.units(
        of: try policy.logits(of: arrival, choosing: distribution, by: .target, in: graph))
      let smoothing = (targetNoise * noise).clamped(to: -targetNoiseClip...targetNoiseClip)
      let values = try policy.values(
        of: arrival, taking: range.scaled((units + smoothing).clamped(to: -1...1)), by: .target,
        in: graph)
      return criticLoss(
        of: fragment,
        values: try policy.values(
          of: features, taking: policy.action(fragment.next.act), by: .online, in: graph),
        arrivals: values[0].minimum(values[1]), multiStep: multiStep, discount: discount,
        noise: [noise], isPrioritized: isPrioritized)
    case .actor:
      let logits = try policy.logits(of: features, choosing: distribution, by: .online, in: graph)
      let values = try policy.values(
        of: features, taking: range.scaled(distribution.units(of: logits)), by: .frozen, in: graph)
      return TracedLoss(-values[0].mean(over: Trajectory(fragment)), metrics: [])
    }
  }
}
