import Actor
import Rollout

extension Algorithm {
  /// Proximal policy optimization with V-trace.
  public static let appo = Algorithm(
    name: AsynchronousProximalPolicy.name,
    options: criticOptions.union(["clip", "value-clip", "rho-clip", "trace-clip"]),
    learnsValue: { _ in true },
    defaults: {
      $0.adoptCriticDefaults()
      $0.fragmentsPerBatch = 8
      $0.entropyCost = .exponential(from: 0.01, to: 0.001)
      $0.learningRate = .exponential(from: 0.0025, to: 0.0001)
      $0.normalizeAdvantages = true
      $0.epochs = 2
      $0.minibatches = 2
    },
    environmentDefaults: {
      $0.adoptWorkersAndNetwork($1)
      $0.adamEpsilon = 1e-5
      $0.learningRate = .exponential(from: 0.0005, to: 0.00005)
    },
    objective: { configuration, _ in
      AsynchronousProximalPolicy(
        configuration.actorCriticSettings, configuration.clippedSurrogate,
        configuration.importanceClips)
    })
}

/// Asynchronous PPO (APPO): PPO with V-trace advantages, for workers with policy lag.
///
///     vs_t, A_t = V-trace(γ, λ, ρ̄, c̄) from the trained network's values     no gradient passes
///     loss = − mean(min(ρ_t A′_t, clip(ρ_t, 1 ± ε) A′_t)) + c_value error(v_t, vs_t)
///            − c_entropy mean(H π(· | s_t))
///
/// V-trace runs again in every pass over a batch, or once before the first pass if the estimates
/// are made for the batch (`BatchEstimates`). A′ is V-trace's advantage without its factor ρ_t,
/// because the surrogate contains ρ_t already: A′_t = r_{t+1} + γ vs_{t+1} − v_t.
///
/// Sources: Schulman et al. (2017) and Espeholt et al. (2018); combined as in Petrenko et al.
/// (2020), "Sample Factory".
package struct AsynchronousProximalPolicy: Objective, Equatable, Encodable {
  /// The algorithm's name in run directories and checkpoints.
  package static let name = "appo"

  /// The settings shared by all actor-critic objectives.
  package var settings: ActorCriticSettings
  /// The bounds on how far one batch may move policy and value estimates.
  package var surrogate: ClippedSurrogate
  /// The upper limits of V-trace's importance weights.
  package var clips: ImportanceClips

  /// Creates the APPO objective with the given settings.
  package init(
    _ settings: ActorCriticSettings = ActorCriticSettings(normalizesAdvantages: true),
    _ surrogate: ClippedSurrogate = ClippedSurrogate(),
    _ clips: ImportanceClips = ImportanceClips()
  ) {
    self.settings = settings
    self.surrogate = surrogate
    self.clips = clips
  }

  /// Traces the loss.
  package func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    let estimates = try ValueEstimates(of: fragment, reaction)
    let policy = ImportanceRatio(of: fragment, reaction, distribution)
    let made = fragment.estimates ?? makeEstimates(policy, estimates)
    return settings.surrogateLoss(surrogate, made, of: fragment, policy, estimates)
  }

  /// Traces V-trace from the trained network's values.
  package func estimates(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> StepEstimates? {
    try makeEstimates(
      ImportanceRatio(of: fragment, reaction, distribution),
      ValueEstimates(of: fragment, reaction))
  }

  private func makeEstimates(
    _ policy: ImportanceRatio, _ estimates: ValueEstimates
  ) -> StepEstimates {
    let vTrace = clips.vTrace(policy, estimates, settings)
    let advantages = policy.steps.differences(
      from: estimates.known, to: vTrace.values, discount: settings.discount)
    return settings.estimates(advantages, targets: vTrace.values, of: policy.steps)
  }
}
