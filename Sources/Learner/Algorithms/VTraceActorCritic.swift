import Actor
import Rollout

extension Algorithm {
  /// The actor-critic of IMPALA.
  public static let vtrace = Algorithm(
    name: VTraceActorCritic.name, options: criticOptions.union(["rho-clip", "trace-clip"]),
    learnsValue: { _ in true },
    defaults: {
      $0.adoptCriticDefaults()
      $0.lambda = 0.95
      $0.entropyCost = .exponential(from: 0.01, to: 0.001)
      $0.learningRate = .exponential(from: 0.0005, to: 0.00005)
      $0.valueLearningRate = 0.005
    },
    environmentDefaults: { $0.adoptWorkersAndNetwork($1) },
    objective: { configuration, _ in
      VTraceActorCritic(configuration.actorCriticSettings, configuration.importanceClips)
    })
}

/// The actor-critic of IMPALA, with V-trace corrections for policy lag.
///
///     vs_t, A_t = V-trace(γ, λ, ρ̄, c̄) from the trained network's values     no gradient passes
///     loss = − mean(A_t log π(a_t | s_t)) + c_value mean((v_t − vs_t)²)
///            − c_entropy mean(H π(· | s_t))
///
/// Source: Espeholt et al. (2018), "IMPALA: scalable distributed deep-RL with importance weighted
/// actor-learner architectures", section 4.2.
package struct VTraceActorCritic: Objective, Equatable, Encodable {
  /// The algorithm's name in run directories and checkpoints.
  package static let name = "vtrace"

  /// The settings shared by all actor-critic objectives.
  package var settings: ActorCriticSettings
  /// The upper limits of the importance weights.
  package var clips: ImportanceClips

  /// Creates the V-trace objective with the given settings.
  package init(
    _ settings: ActorCriticSettings = ActorCriticSettings(),
    _ clips: ImportanceClips = ImportanceClips()
  ) {
    self.settings = settings
    self.clips = clips
  }

  /// Traces the loss.
  package func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    let estimates = try ValueEstimates(of: fragment, reaction)
    let policy = ImportanceRatio(of: fragment, reaction, distribution)
    let made = fragment.estimates ?? makeEstimates(policy, estimates)
    return settings.logProbabilityLoss(made, policy, estimates)
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
    return settings.estimates(vTrace.advantages, targets: vTrace.values, of: policy.steps)
  }
}

/// The upper limits of importance weights in V-trace; infinity for no limit.
package struct ImportanceClips: Sendable, Equatable, Encodable {
  /// ρ̄, which determines the policy that the learned values belong to.
  package var rho: Double
  /// c̄, which limits how far back the error of a step is propagated.
  package var trace: Double

  /// Creates limits; the defaults are IMPALA's.
  package init(rho: Double = 1, trace: Double = 1) {
    self.rho = rho
    self.trace = trace
  }

  /// Returns V-trace of a fragment's steps, computed from the trained network's values.
  func vTrace(
    _ policy: ImportanceRatio, _ estimates: ValueEstimates, _ settings: ActorCriticSettings
  ) -> VTrace {
    policy.steps.vTrace(
      values: estimates.known, ratios: policy.ratio, discount: settings.discount,
      lambda: settings.lambda, rhoClip: rho, cClip: trace)
  }
}
