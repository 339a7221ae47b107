import Actor
import Rollout

extension Algorithm {
  /// Soft actor-critic with a learned temperature: SAC.
  public static let sac = Algorithm(
    name: SoftActorCritic.name,
    options: twinCriticOptions.union(["temperature", "learn-temperature", "target-entropy"]),
    defaults: { $0.adoptTwinCriticDefaults() },
    validate: { (configuration) throws(ConfigurationError) in
      try configuration.validateTwinCritics()
      let temperature = configuration.temperature
      try configuration.refuse(
        "temperature", temperature, unless: temperature > 0 && temperature.isFinite,
        "use a positive number, such as 1")
      guard let entropy = configuration.targetEntropy else { return }
      try configuration.refuse(
        "target-entropy", entropy, unless: entropy.isFinite, "use a number, such as -1, or auto")
      guard configuration.learnsTemperature else {
        throw ConfigurationError(
          "--target-entropy \(SettingFormat<Double>.number.value(entropy).text) has no effect with "
            + "--no-learn-temperature: leave one of them out.", option: "target-entropy")
      }
    },
    validateMemory: { (configuration, batchLayout) throws(ConfigurationError) in
      try configuration.validateReplayMemory(batchLayout)
    },
    policy: {
      TwinCriticPolicy(
        $1, actor: .stochastic, temperature: $0.temperature,
        learnsTemperature: $0.learnsTemperature)
    },
    objective: { configuration, policy in
      var objective = SoftActorCritic(
        (policy as? TwinCriticPolicy) ?? TwinCriticPolicy(), discount: configuration.gamma,
        multiStep: configuration.multiStep, targetEntropy: configuration.targetEntropy)
      objective.isPrioritized = configuration.replayPriority > 0
      return objective
    },
    scheduledBuffers: { [$0.warmUp] },
    learner: { try $0.makeTwinCriticReplay(actorInterval: 1) })

  /// The options of algorithms with a ``TwinCriticPolicy``.
  static let twinCriticOptions: Set<String> = [
    "replay-steps", "replay-batch", "learning-starts", "updates-per-step", "multi-step", "tau",
    "replay-priority", "replay-correction",
  ]
}

extension TrainingConfiguration {
  /// Sets the defaults that SAC and TD3 share.
  mutating func adoptTwinCriticDefaults() {
    environment = "Pendulum-v1"
    networkInputs = [.obs]
    hiddenSizes = [256, 256]
    totalSteps = 1_000_000
    gamma = 0.99
    learningRate = 0.0003
    actorCount = 1
    bufferCount = 4
    environmentsPerActor = 1
    fragmentSteps = 1
    fragmentsPerBatch = 1
    replaySteps = 200_000
    replayBatch = 256
    tau = 0.005
  }
}

/// Soft actor-critic: a stochastic actor that maximizes return and entropy, judged by two critics.
///
/// With q of the critics, q⁻ of their target networks, α the temperature, s′ the state that a step
/// led to, before any reset, a′ ~ π(· | s′) and ã ~ π(· | s):
///
///     v(s′) = min(q⁻₀(s′, a′), q⁻₁(s′, a′)) − α log π(a′ | s′)
///     y⁽¹⁾_t = r_{t+1} + γ (1 − terminated_t) v(s′_t)
///     y⁽ⁿ⁾_t = r_{t+1} + γ y⁽ⁿ⁻¹⁾_{t+1}, and y⁽¹⁾_t at the end of an episode or fragment
///     critics: mean((q₀(s_t, a_t) − y⁽ⁿ⁾_t)²) + mean((q₁(s_t, a_t) − y⁽ⁿ⁾_t)²)
///     actor:   mean(α log π(ã | s_t) − min(q₀(s_t, ã), q₁(s_t, ã)))
///              − log α · mean(log π(ã | s_t) + target entropy)
///
/// No gradient passes through y. In the actor's loss none reaches the critics' parameters; that of
/// its first line does not reach α, and that of the second reaches α alone. Actions are drawn with
/// given normal numbers, and the gradient passes through them. With n > 1 the rewards are those of
/// earlier policies, uncorrected, and only the last state counts with its entropy.
///
/// Sources: Haarnoja et al. (2018), "Soft actor-critic: off-policy maximum entropy deep
/// reinforcement learning with a stochastic actor"; Haarnoja et al. (2018), "Soft actor-critic
/// algorithms and applications", equation 17 with log α in place of α outside of the mean, as in
/// the authors' program.
public struct SoftActorCritic: TwinCriticObjective, Equatable, Encodable {
  /// The algorithm's name in run directories and checkpoints.
  public static let name = "sac"

  /// The policy with actor, critics and target networks.
  public var policy: TwinCriticPolicy
  /// γ, the discount factor.
  public var discount: Double
  /// n, the number of rewards in a target before the value of the state that follows.
  public var multiStep: Int
  /// The mean entropy that the temperature is learned for, in nats; nil for −1 per element.
  public var targetEntropy: Double?
  /// The loss to trace.
  public var part = TwinCriticPart.critics
  /// True if samples are drawn by priorities, whose bias the critics' loss corrects with weights.
  var isPrioritized = false

  /// Creates the objective with the given settings.
  ///
  /// - Precondition: `multiStep` is at least 1.
  public init(
    _ policy: TwinCriticPolicy, discount: Double = 0.99, multiStep: Int = 1,
    targetEntropy: Double? = nil
  ) {
    precondition(multiStep >= 1, "returns over \(multiStep) steps: use at least 1")
    self.policy = policy
    self.discount = discount
    self.multiStep = multiStep
    self.targetEntropy = targetEntropy
  }

  /// Traces the loss of the critics or of the actor and the temperature.
  public func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    guard let distribution = distribution as? SquashedGaussian else {
      throw PolicyError("SAC trains a TwinCriticPolicy with a stochastic actor")
    }
    let graph = reaction.logits.graph
    let count = distribution.range.count
    let noise = graph.input(reaction.logits.shape.dropLast() + [count])
    let logTemperature = policy.logTemperature(in: graph)
    switch part {
    case .critics:
      let arrival = fragment.arrival
      let (action, logPi) = distribution.draw(
        from: try policy.logits(of: arrival, choosing: distribution, by: .online, in: graph),
        noise: noise)
      let values = try policy.values(of: arrival, taking: action, by: .target, in: graph)
      return try policy.criticLoss(
        of: fragment,
        arrivals: values[0].minimum(values[1]) - exp(logTemperature) * logPi,
        multiStep: multiStep, discount: discount, noise: [noise],
        isPrioritized: isPrioritized)
    case .actor:
      let steps = Trajectory(fragment)
      let (action, logPi) = distribution.draw(from: reaction.logits, noise: noise)
      let values = try policy.values(
        of: fragment.current, taking: action, by: .frozen, in: graph)
      let temperature = exp(logTemperature).stopGradient()
      var loss = (temperature * logPi - values[0].minimum(values[1])).mean(over: steps)
      let meanLogPi = logPi.mean(over: steps)
      if policy.learnsTemperature {
        let excess = (meanLogPi + (targetEntropy ?? -Double(count))).stopGradient()
        loss = loss - logTemperature * excess
      }
      return TracedLoss(
        loss,
        metrics: [
          .init(name: "log_prob", tensor: meanLogPi, summary: .mean),
          .init(name: "temperature", tensor: temperature, summary: .newest),
        ], noise: [noise])
    }
  }
}
