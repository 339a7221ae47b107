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
    objective: { configuration, _ in
      ProximalPolicy(configuration.actorCriticSettings, configuration.clippedSurrogate)
    })
}

/// Proximal policy optimization (PPO): several passes over a batch with a bounded policy change.
///
///     A_t = GAE(γ, λ) from the value estimates v_μ that the actor recorded     no gradient passes
///     loss = − mean(min(ρ_t A_t, clip(ρ_t, 1 ± ε) A_t)) + c_value error(v_t, A_t + v_μ,t)
///            − c_entropy mean(H π(· | s_t))
///
/// Advantages depend on the recorded fragment alone and are the same in every pass. With
/// `Bootstrap.learner` the value estimate behind the last row is the learner's and may differ
/// between passes.
///
/// Source: Schulman et al. (2017), "Proximal policy optimization algorithms", equations 7 and 9.
public struct ProximalPolicy: Objective, Equatable, Encodable {
  /// The algorithm's name in run directories and checkpoints.
  public static let name = "ppo"

  /// The settings shared by all actor-critic objectives.
  public var settings: ActorCriticSettings
  /// The bounds on how far one batch may move policy and value estimates.
  public var surrogate: ClippedSurrogate

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
    guard let recorded = StateValues(recordedIn: fragment) else {
      preconditionFailure("the fragment holds no values of the policy that collected it")
    }
    let policy = ImportanceRatio(of: fragment, reaction, distribution)
    let steps = policy.steps
    let advantages = steps.generalizedAdvantages(
      values: recorded, discount: settings.discount, lambda: settings.lambda)
    let targets = advantages + recorded.current
    return settings.loss(
      policyLoss: surrogate.loss(
        policy.ratio, settings.weighed(advantages, of: steps), over: steps),
      valueError: surrogate.valueError(
        estimates.values, target: targets, before: recorded.current, over: steps),
      target: targets, policy, estimates,
      metrics: [surrogate.clippedPart(policy.ratio, over: steps)])
  }
}
