import Actor
import Rollout

extension Algorithm {
  /// REINFORCE with importance weights.
  public static let reinforce = Algorithm(
    name: Reinforce.name, options: policyOptions.union(["baseline", "rho-clip"]),
    learnsValue: { $0.baseline == .value },
    defaults: {
      $0.activation = .tanh
      $0.sharedTorso = false
      $0.gamma = 0.98
      $0.entropyCost = .exponential(from: 0.1, to: 0.001)
      $0.baseline = .value
      $0.learningRate = .exponential(from: 0.004, to: 0.0001)
      $0.valueLearningRate = 0.01
      $0.maximumGradientNorm = 0.5
    },
    environmentDefaults: { $0.adoptWorkersAndNetwork($1) },
    validate: { (configuration) throws(ConfigurationError) in
      try configuration.validateMeanBaseline()
      try configuration.validateMissingValue()
    },
    objective: { configuration, _ in
      Reinforce(
        discount: configuration.gamma, entropyCost: configuration.entropyCost,
        rhoClip: configuration.rhoClip, baseline: configuration.baseline,
        normalizesReturns: configuration.normalizeAdvantages, valueCost: configuration.valueCost)
    })
}

extension TrainingConfiguration {
  /// Refuses the baseline `mean` where there is nothing to take a mean of.
  fileprivate func validateMeanBaseline() throws(ConfigurationError) {
    guard baseline == .mean else { return }
    let environmentCount = environmentsPerActor * fragmentsPerBatch
    if environmentCount < 2 {
      throw ConfigurationError(
        "--baseline mean needs several environments in a batch and has 1: "
          + "use --envs-per-actor or --fragments-per-batch of at least 2, or --baseline none.",
        option: "baseline")
    }
    if environmentCount / minibatches < 2 {
      throw ConfigurationError(
        "--minibatches \(minibatches) leaves 1 environment for --baseline mean, which needs "
          + "several: use fewer, or --baseline none.",
        option: "minibatches")
    }
  }

  /// Refuses changed options that are ignored because no value estimate is learned.
  fileprivate func validateMissingValue() throws(ConfigurationError) {
    guard baseline != .value else { return }
    for option in ["value-cost", "bootstrap"] {
      guard let setting = Self.settings.first(where: { $0.name == option }) else { continue }
      let value = setting.read(self)
      guard value != setting.read(Self()) else { continue }
      throw ConfigurationError(
        "--\(option) \(value.text) has no effect with --baseline \(baseline.rawValue): "
          + "leave it out, or use --baseline value.",
        option: option)
    }
    // The algorithm's default is accepted, and ignored if no value estimate is learned.
    guard let valueLearningRate, valueLearningRate != Self(algorithm).valueLearningRate else {
      return
    }
    let text = SettingFormat<Double>.number.value(valueLearningRate).text
    throw ConfigurationError(
      "--value-learning-rate \(text) needs a learned value and --baseline "
        + "\(baseline.rawValue) learns none: leave it out, or use --baseline value.",
      option: "value-learning-rate")
  }
}

/// Importance-weighted REINFORCE with an entropy bonus, as in rlplay's overview.
///
/// With π the trained policy and μ the behavior policy, over all t < T and all environments that
/// were played (see `sticky`):
///
///     ρ_t = min(c_rho, π(a_t | s_t) / μ(a_t | s_t))          no gradient passes
///     G_t = r_{t+1} + γ (1 − d_{t+1}) G_{t+1},   G_T = 0      no gradient passes
///     loss = − mean(ρ_t (G_t − b_t) log π(a_t | s_t)) − c_entropy mean(H π(· | s_t))
///
/// The baseline b_t is 0, as in rlplay's overview, or the mean of G_t over the environments of the
/// batch that were played. With b_t = 0, returns that are all positive, as in CartPole, raise the
/// probability of every action taken, and a clipped ρ pulls back towards μ; see docs/benchmarks.md.
///
/// Without value estimates, truncation ends the return exactly as termination does.
///
/// A third baseline is learned: v_t = v(s_t), a value head of the network. Returns are then
/// bootstrapped at the fragment's end, G_T = v_T, and at truncation, from the value estimate that
/// the actor recorded for the final observation. v_T is the actor's or the learner's, see
/// `Bootstrap`. Rows of a waiting environment (`sticky`) have G_t = v_t. The loss has one more
/// term:
///
///     b_t = v_t (no gradient passes),   loss += c_value mean((v_t − G_t)²)
///
/// With normalized returns, (G_t − b_t − mean) / (σ + 10⁻⁸) replaces G_t − b_t, with mean and σ
/// over all played steps of the batch.
///
/// Source: Williams (1992), "Simple statistical gradient-following algorithms for connectionist
/// reinforcement learning", with importance weights added.
public struct Reinforce: Objective, Equatable, Encodable {
  /// The algorithm's name in run directories and checkpoints.
  public static let name = "reinforce"

  /// γ, the discount factor.
  package var discount: Double
  /// The coefficient c_entropy of the entropy bonus.
  package var entropyCost: Schedule
  /// c_rho, the largest importance weight; infinity for no limit.
  package var rhoClip: Double
  /// b_t, the baseline subtracted from returns.
  package var baseline: ReturnBaseline
  /// True if G_t − b_t is normalized to mean 0 and standard deviation 1 over the batch.
  package var normalizesReturns: Bool
  /// The coefficient c_value of the squared error of a learned baseline.
  package var valueCost: Double

  /// Creates the REINFORCE objective with the given settings.
  public init(
    discount: Double = 0.99, entropyCost: Schedule = 0.01, rhoClip: Double = .infinity,
    baseline: ReturnBaseline = .none, normalizesReturns: Bool = false, valueCost: Double = 0.5
  ) {
    self.baseline = baseline
    self.normalizesReturns = normalizesReturns
    self.valueCost = valueCost
    self.discount = discount
    self.entropyCost = entropyCost
    self.rhoClip = rhoClip
  }

  /// Traces the loss.
  public func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    guard let behavior = fragment.actor["logits"]?.value else {
      preconditionFailure("the fragment holds no logits of the policy that collected it")
    }
    let next = fragment.next
    let logPi = distribution.logProbability(of: next.act, under: reaction.logits)
    let logMu = distribution.logProbability(of: next.act, under: behavior)
    let ratio = exp(logPi.stopGradient() - logMu)
    let rho = ratio.clipped(at: rhoClip)

    let estimates = baseline == .value ? try ValueEstimates(of: fragment, reaction) : nil
    let steps = Trajectory(fragment)
    let returns = steps.returns(discount: discount, values: estimates?.known)
    let compared =
      switch baseline {
      case .none: returns
      case .mean: steps.whilePlaying(returns - steps.meanOverEnvironments(returns))
      case .value: estimates.map { returns - $0.known.current } ?? returns
      }
    let advantages = normalizesReturns ? compared.normalized(over: steps) : compared
    let score = (logPi * (advantages * rho)).mean(over: steps)
    let entropy = distribution.entropy(of: reaction.logits).mean(over: steps)
    let cost = Coefficient("entropy_cost", entropyCost, in: entropy.graph)
    var loss = -score - cost.tensor * entropy
    var metrics: [TracedLoss.Metric] = []
    if let estimates {
      let error = (estimates.values - returns).squared().mean(over: steps)
      loss = loss + valueCost * error
      metrics = estimates.metrics(error: error, target: returns, over: steps)
    }

    return TracedLoss(
      loss,
      metrics: [
        .init(name: "policy_score", tensor: score, summary: .mean),
        .init(name: "entropy", tensor: entropy, summary: .mean),
        .init(name: "rho_mean", tensor: ratio.mean(over: steps), summary: .mean),
        .init(name: "rho_max", tensor: steps.whilePlaying(ratio).largest(), summary: .largest),
        // Ratios strictly above the clip: none on-policy with c_rho = 1.
        .init(
          name: "rho_clipped", tensor: (1 - (-ratio).atLeast(-rhoClip)).mean(over: steps),
          summary: .mean),
      ] + metrics, distributions: [ImportanceRatio.distribution(of: ratio, over: steps)],
      coefficients: [cost])
  }
}

/// The baseline that is subtracted from returns before they weigh log-probabilities.
public enum ReturnBaseline: String, Encodable, Sendable, CaseIterable {
  /// No baseline, as in rlplay's overview.
  case none
  /// The mean return at the same row over all environments of the batch.
  case mean
  /// The value estimate of the network's value head.
  case value
}
