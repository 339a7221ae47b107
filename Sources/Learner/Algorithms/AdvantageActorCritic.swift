import Actor
import Rollout

extension Algorithm {
  /// Advantage actor-critic.
  public static let a2c = Algorithm(
    name: AdvantageActorCritic.name, options: criticOptions, learnsValue: { _ in true },
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
    objective: { configuration, _ in AdvantageActorCritic(configuration.actorCriticSettings) })
}

/// Advantage actor-critic (A2C): policy gradient with generalized advantage estimates.
///
///     A_t = GAE(γ, λ) from the trained network's values          no gradient passes
///     loss = − mean(A_t log π(a_t | s_t)) + c_value mean((v_t − (A_t + v_t))²)
///            − c_entropy mean(H π(· | s_t))
///
/// The gradient of the value error passes through the first v_t alone.
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
  public var settings: ActorCriticSettings

  /// Creates the A2C objective with the given settings.
  public init(_ settings: ActorCriticSettings = ActorCriticSettings()) { self.settings = settings }

  /// Traces the loss.
  public func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    let estimates = try ValueEstimates(of: fragment, reaction)
    let policy = ImportanceRatio(of: fragment, reaction, distribution)
    let steps = policy.steps
    let advantages = steps.generalizedAdvantages(
      values: estimates.known, discount: settings.discount, lambda: settings.lambda)
    let targets = advantages + estimates.known.current
    return settings.loss(
      policyLoss: -(policy.logPi * settings.weighed(advantages, of: steps)).mean(over: steps),
      valueError: (estimates.values - targets).squared().mean(over: steps), target: targets,
      policy, estimates)
  }
}
