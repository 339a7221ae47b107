import Actor
import Rollout

extension Algorithm {
  /// Advantage actor-critic.
  public static let a2c = Algorithm(
    name: AdvantageActorCritic.name, options: criticOptions.union(["normalize-returns"]),
    learnsValue: { _ in true },
    defaults: {
      $0.adoptCriticDefaults()
      $0.deterministic = true
      $0.actorCount = 4
      $0.bufferCount = 8
      $0.fragmentsPerBatch = 4
      $0.fragmentSteps = 8
      $0.lambda = 0.95
      $0.entropyCost = .exponential(from: 0.01, to: 0.001)
      $0.learningRate = .exponential(from: 0.001, to: 0.0001)
      $0.valueLearningRate = 0.005
    },
    environmentDefaults: { $0.adoptWorkersAndNetwork($1) },
    validate: { (configuration) throws(ConfigurationError) in
      try configuration.validateNormalizedReturns()
    },
    objective: { configuration, _ in
      AdvantageActorCritic(
        configuration.actorCriticSettings, normalizesReturns: configuration.normalizeReturns)
    })
}

extension TrainingConfiguration {
  /// Refuses normalized returns of anything but whole episodes, and options that they ignore.
  fileprivate func validateNormalizedReturns() throws(ConfigurationError) {
    guard normalizeReturns else { return }
    if !sticky {
      throw ConfigurationError(
        "--normalize-returns learns from one whole episode of each environment: add --sticky, and "
          + "--fragment-steps of at least an episode's length.",
        option: "normalize-returns")
    }
    let usual = Self(algorithm)
    for option in ["lambda", "bootstrap"] {
      guard let setting = Self.settings.first(where: { $0.name == option }) else { continue }
      let value = setting.read(self)
      guard value != setting.read(usual) else { continue }
      throw ConfigurationError(
        "--\(option) \(value.text) has no effect with --normalize-returns: leave one of them out.",
        option: option)
    }
  }
}

/// Advantage actor-critic (A2C): policy gradient with generalized advantage estimates.
///
///     A_t = GAE(γ, λ) from the trained network's values          no gradient passes
///     loss = − mean(A_t log π(a_t | s_t)) + c_value mean((v_t − (A_t + v_t))²)
///            − c_entropy mean(H π(· | s_t))
///
/// The gradient of the value error passes through the first v_t alone.
///
/// With normalized returns the value estimate learns to predict returns that tell nothing of their
/// size, those of the episode normalized over its steps (x̂ = (x − mean) / (σ + 10⁻⁸)):
///
///     A_t = Ĝ_t − v_t,   G_t = r_{t+1} + γ (1 − d_{t+1}) G_{t+1},   G_T = 0
///     loss = − mean(A_t log π(a_t | s_t)) + c_value mean((v_t − Ĝ_t)²)
///            − c_entropy mean(H π(· | s_t))
///
/// Nothing is bootstrapped: truncation ends a return as termination does. The statistics are those
/// of each environment's played steps, which are one episode if environments wait (`sticky`) and
/// the fragment is long enough.
///
/// The loss does not correct for the difference between the behavior policy and the trained policy,
/// so the policy lag should be small. `VTraceActorCritic` corrects for it.
///
/// Source: Mnih et al. (2016), "Asynchronous methods for deep reinforcement learning", with one
/// learner.
public struct AdvantageActorCritic: Objective, Equatable, Encodable {
  /// The algorithm's name in run directories and checkpoints.
  public static let name = "a2c"

  /// The settings shared by all actor-critic objectives.
  package var settings: ActorCriticSettings

  /// True if advantages and value targets come from normalized returns.
  package var normalizesReturns: Bool

  /// Creates the A2C objective with the given settings.
  public init(
    _ settings: ActorCriticSettings = ActorCriticSettings(), normalizesReturns: Bool = false
  ) {
    self.settings = settings
    self.normalizesReturns = normalizesReturns
  }

  /// Traces the loss.
  public func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    let estimates = try ValueEstimates(of: fragment, reaction)
    let policy = ImportanceRatio(of: fragment, reaction, distribution)
    let made = fragment.estimates ?? makeEstimates(estimates, policy.steps)
    return settings.logProbabilityLoss(made, policy, estimates)
  }

  /// Traces GAE of the trained network's values, or the advantages of normalized returns.
  public func estimates(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> StepEstimates? {
    try makeEstimates(ValueEstimates(of: fragment, reaction), Trajectory(fragment))
  }

  private func makeEstimates(_ estimates: ValueEstimates, _ steps: Trajectory) -> StepEstimates {
    let advantages: Tensor
    let targets: Tensor
    if normalizesReturns {
      targets = steps.normalizedByEnvironment(steps.returns(discount: settings.discount))
      advantages = steps.whilePlaying(targets - estimates.known.current)
    } else {
      advantages = steps.generalizedAdvantages(
        values: estimates.known, discount: settings.discount, lambda: settings.lambda)
      targets = advantages + estimates.known.current
    }
    return settings.estimates(advantages, targets: targets, of: steps)
  }
}

extension ActorCriticSettings {
  /// Returns the loss that weighs log-probabilities with the advantages of estimates.
  func logProbabilityLoss(
    _ made: StepEstimates, _ policy: ImportanceRatio, _ estimates: ValueEstimates
  ) -> TracedLoss {
    let steps = policy.steps
    return loss(
      policyLoss: -(policy.logPi * weighed(made.advantages, of: steps)).mean(over: steps),
      valueError: (estimates.values - made.targets).squared().mean(over: steps),
      target: made.targets, policy, estimates)
  }
}
