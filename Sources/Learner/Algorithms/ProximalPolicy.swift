import Actor
import Rollout

extension Algorithm {
  /// Proximal policy optimization.
  public static let ppo = Algorithm(
    name: ProximalPolicy.name, options: criticOptions.union(["clip", "value-clip"]),
    learnsValue: { _ in true },
    defaults: {
      $0.adoptCriticDefaults()
      $0.deterministic = true
      $0.actorCount = 8
      $0.bufferCount = 16
      $0.fragmentsPerBatch = 8
      $0.fragmentSteps = 32
      $0.lambda = 0.95
      $0.normalizeAdvantages = true
      $0.epochs = 4
      $0.minibatches = 4
    },
    environmentDefaults: { $0.adoptPublishedProximalPolicy($1) },
    objective: { configuration, _ in
      ProximalPolicy(configuration.actorCriticSettings, configuration.clippedSurrogate)
    })
}

extension TrainingConfiguration {
  /// Sets PPO as published: minibatches of single steps, 8 or 16 environments, no policy lag.
  ///
  /// Sources: Schulman et al. (2017), tables 3 and 5, for MuJoCo and Atari; Huang et al. (2022),
  /// "The 37 implementation details of proximal policy optimization", for Adam's ε, the falling
  /// learning rate and the normalization of continuous control.
  fileprivate mutating func adoptPublishedProximalPolicy(_ traits: EnvironmentTraits) {
    adamEpsilon = 1e-5
    policyLag = 0
    if traits.imageSize != nil {
      adoptImageNetwork()
      adoptWorkers(traits, environmentCount: 8, stepCount: 128)
      adoptStepMinibatches(size: 256, epochs: 4)
      learningRate = .linear(from: 0.00025, to: 0)
      clip = .linear(from: 0.1, to: 0)
    } else {
      adoptWorkers(traits, environmentCount: 16, stepCount: 128)
      adoptStepMinibatches(size: 64, epochs: 10)
      learningRate = .linear(from: 0.0003, to: 0)
    }
    guard traits.hasBoxActions else { return }
    entropyCost = 0
    if wrappers.isEmpty {
      normalizesObservations = traits.hasFloatObservations && networkInputs.contains(.obs)
      normalizesRewards = true
    }
  }
}

/// Proximal policy optimization (PPO): several passes over a batch with a bounded policy change.
///
///     A_t = GAE(γ, λ) from the value estimates v_μ that the actor recorded     no gradient passes
///     loss = − mean(min(ρ_t A_t, clip(ρ_t, 1 ± ε) A_t)) + c_value error(v_t, A_t + v_μ,t)
///            − c_entropy mean(H π(· | s_t))
///
/// Advantages depend on the recorded fragment alone and are the same in every pass. With
/// `Bootstrap.learner` the value estimate behind the last row is the learner's. It is then that
/// before the first pass if the estimates are made for the batch, and may otherwise differ between
/// passes.
///
/// Source: Schulman et al. (2017), "Proximal policy optimization algorithms", equations 7 and 9.
public struct ProximalPolicy: Objective, Equatable, Encodable {
  /// The algorithm's name in run directories and checkpoints.
  public static let name = "ppo"

  /// The settings shared by all actor-critic objectives.
  package var settings: ActorCriticSettings
  /// The bounds on how far one batch may move policy and value estimates.
  package var surrogate: ClippedSurrogate

  /// Creates the PPO objective with the given settings.
  public init(
    _ settings: ActorCriticSettings = ActorCriticSettings(lambda: 0.95, normalizesAdvantages: true),
    _ surrogate: ClippedSurrogate = ClippedSurrogate()
  ) {
    self.settings = settings
    self.surrogate = surrogate
  }

  /// Traces the loss.
  public func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    let estimates = try ValueEstimates(of: fragment, reaction)
    let policy = ImportanceRatio(of: fragment, reaction, distribution)
    let made = fragment.estimates ?? makeEstimates(of: fragment, policy.steps)
    return settings.surrogateLoss(surrogate, made, of: fragment, policy, estimates)
  }

  /// Traces GAE of the recorded value estimates.
  public func estimates(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> StepEstimates? {
    makeEstimates(of: fragment, Trajectory(fragment))
  }

  private func makeEstimates(of fragment: TracedFragment, _ steps: Trajectory) -> StepEstimates {
    guard let recorded = StateValues(recordedIn: fragment) else {
      preconditionFailure("the fragment holds no values of the policy that collected it")
    }
    let advantages = steps.generalizedAdvantages(
      values: recorded, discount: settings.discount, lambda: settings.lambda)
    return settings.estimates(advantages, targets: advantages + recorded.current, of: steps)
  }
}

extension ActorCriticSettings {
  /// Returns PPO's loss from estimates, with the values that the actor recorded as bounds.
  func surrogateLoss(
    _ surrogate: ClippedSurrogate, _ made: StepEstimates, of fragment: TracedFragment,
    _ policy: ImportanceRatio, _ estimates: ValueEstimates
  ) -> TracedLoss {
    guard let recorded = fragment.actor["value"]?.value else {
      preconditionFailure("the fragment holds no values of the policy that collected it")
    }
    let steps = policy.steps
    let clip = Coefficient("clip", surrogate.clip, in: policy.ratio.graph)
    return loss(
      policyLoss: surrogate.loss(
        policy.ratio, weighed(made.advantages, of: steps), over: steps, clip: clip),
      valueError: surrogate.valueError(
        estimates.values, target: made.targets, before: recorded, over: steps),
      target: made.targets, policy, estimates,
      metrics: [surrogate.clippedPart(policy.ratio, over: steps, clip: clip)],
      coefficients: [clip])
  }
}
