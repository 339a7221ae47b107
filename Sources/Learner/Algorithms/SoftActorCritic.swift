import Actor
import Glibc
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
      guard case .discrete(let count) = batchLayout.contents.spaces.action,
        let entropy = configuration.targetEntropy, !(0...1).contains(entropy)
      else { return }
      throw ConfigurationError(
        "--target-entropy \(SettingFormat<Double>.number.value(entropy).text) is no fraction of "
          + "the largest entropy of \(count) actions: use 0 to 1, such as 0.5, or auto.",
        option: "target-entropy")
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
/// In a Discrete space nothing is drawn: critics estimate the values of all actions, and
///
///     v(s′) = Σ_a π(a | s′) (min(q⁻₀(s′, a), q⁻₁(s′, a)) − α log π(a | s′))
///     actor:  mean(Σ_a π(a | s_t) (α log π(a | s_t) − min(q₀(s_t, a), q₁(s_t, a))))
///             − log α · mean(Σ_a π(a | s_t) log π(a | s_t) + target entropy)
///
/// Sources: Haarnoja et al. (2018), "Soft actor-critic: off-policy maximum entropy deep
/// reinforcement learning with a stochastic actor"; Haarnoja et al. (2018), "Soft actor-critic
/// algorithms and applications", equation 17 with log α in place of α outside of the mean, as in
/// the authors' program; Christodoulou (2019), "Soft actor-critic for discrete action settings",
/// equations 10 to 12.
package struct SoftActorCritic: TwinCriticObjective, Equatable, Encodable {
  /// The algorithm's name in run directories and checkpoints.
  package static let name = "sac"

  /// The policy with actor, critics and target networks.
  package var policy: TwinCriticPolicy
  /// γ, the discount factor.
  package var discount: Double
  /// n, the number of rewards in a target before the value of the state that follows.
  package var multiStep: Int
  /// The mean entropy that the temperature is learned for.
  ///
  /// For a Box it is in nats, and nil for −1 per element; for n actions it is a fraction of log n,
  /// and nil for 0.98.
  package var targetEntropy: Double?
  /// The loss to trace.
  package var part = TwinCriticPart.critics
  /// True if samples are drawn by priorities, whose bias the critics' loss corrects with weights.
  var isPrioritized = false

  /// Creates the objective with the given settings.
  ///
  /// - Precondition: `multiStep` is at least 1.
  package init(
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
  package func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    let graph = reaction.logits.graph
    let actions = try Actions(self, distribution, reaction.logits)
    let logTemperature = policy.logTemperature(in: graph)
    let features = try policy.features(of: fragment.current, by: .online, in: graph)
    switch part {
    case .critics:
      let arrival = fragment.arrival
      let led = try policy.features(of: arrival.after(features.hx), by: .online, in: graph)
      let held = try policy.features(of: fragment.current, by: .target, in: graph)
      let (value, logPi) = try actions.expectations(
        of: try policy.features(of: arrival.after(held.hx), by: .target, in: graph),
        logits: try policy.logits(of: led, choosing: distribution, by: .online, in: graph),
        by: .target)
      return criticLoss(
        of: fragment, values: try actions.taken(in: fragment, features),
        arrivals: value - exp(logTemperature) * logPi, multiStep: multiStep, discount: discount,
        noise: actions.noise, isPrioritized: isPrioritized)
    case .actor:
      let steps = Trajectory(fragment)
      // Those of a Discrete reaction may be in the warm-up.
      let (value, logPi) = try actions.expectations(
        of: features,
        logits: try policy.logits(of: features, choosing: distribution, by: .online, in: graph),
        by: .frozen)
      let temperature = exp(logTemperature).stopGradient()
      var loss = (temperature * logPi - value).mean(over: steps)
      let meanLogPi = logPi.mean(over: steps)
      if policy.learnsTemperature {
        let excess = (meanLogPi + actions.targetEntropy).stopGradient()
        loss = loss - logTemperature * excess
      }
      return TracedLoss(
        loss,
        metrics: [
          .init(name: "log_prob", tensor: meanLogPi, summary: .mean),
          .init(name: "temperature", tensor: temperature, summary: .newest),
        ], noise: actions.noise)
    }
  }

  /// The actions of the actor, in a Box or a Discrete space.
  private struct Actions {
    let policy: TwinCriticPolicy
    let space: Kind
    let targetEntropy: Double

    enum Kind {
      /// One action is drawn with the input of normal numbers, [T, B, elements].
      case box(SquashedGaussian, noise: Tensor)
      /// All of `count` actions count with their probability.
      case discrete(count: Int)
    }

    /// - Throws: `PolicyError` for another distribution.
    init(
      _ objective: SoftActorCritic, _ distribution: any ActionDistribution, _ logits: Tensor
    ) throws(PolicyError) {
      policy = objective.policy
      switch distribution {
      case let gaussian as SquashedGaussian:
        let count = gaussian.range.count
        space = .box(gaussian, noise: logits.graph.input(logits.shape.dropLast() + [count]))
        targetEntropy = objective.targetEntropy ?? -Double(count)
      case let choice as Categorical:
        space = .discrete(count: choice.count)
        let fraction = objective.targetEntropy ?? SoftActorCritic.usualEntropyFraction
        precondition((0...1).contains(fraction), "a target entropy of \(fraction) · log n")
        targetEntropy = fraction * log(Double(choice.count))
      default: throw PolicyError("SAC trains a TwinCriticPolicy with a stochastic actor")
      }
    }

    /// The inputs of normal numbers.
    var noise: [Tensor] {
      if case .box(_, let noise) = space { [noise] } else { [] }
    }

    /// Returns min(q₀, q₁) and log π in some states, [T, B] each: of a drawn action, or the means
    /// over all actions.
    func expectations(
      of features: TwinCriticPolicy.Features, logits: Tensor, by weights: TwinCriticPolicy.Weights
    ) throws(PolicyError) -> (value: Tensor, logPi: Tensor) {
      let graph = logits.graph
      switch space {
      case .box(let gaussian, let noise):
        let (action, logPi) = gaussian.draw(from: logits, noise: noise)
        let values = try policy.values(of: features, taking: action, by: weights, in: graph)
        return (values[0].minimum(values[1]), logPi)
      case .discrete(let count):
        let chances = exp(logits)
        let values = try policy.values(of: features, count: count, by: weights, in: graph)
        return (
          (chances * values[0].minimum(values[1])).sumOverLastAxis(),
          (chances * logits).sumOverLastAxis()
        )
      }
    }

    /// Returns both critics' values of the actions that a fragment's steps took, [T, B] each.
    ///
    /// - Parameter features: those of `fragment.current`.
    func taken(
      in fragment: TracedFragment, _ features: TwinCriticPolicy.Features
    ) throws(PolicyError) -> [Tensor] {
      let graph = fragment.next.rew.graph
      switch space {
      case .box:
        return try policy.values(
          of: features, taking: policy.action(fragment.next.act), by: .online, in: graph)
      case .discrete(let count):
        guard let action = fragment.next.act.value else {
          preconditionFailure("the action of a Discrete space is a leaf")
        }
        return try policy.values(of: features, count: count, by: .online, in: graph)
          .map { $0.pick(action) }
      }
    }
  }

  /// The target entropy of a Discrete space if none is given, as a fraction of log n.
  private static let usualEntropyFraction = 0.98
}
