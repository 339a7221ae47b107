import Actor
import Rollout

/// Importance-weighted REINFORCE with an entropy bonus, as the seed writes it.
///
/// With π the policy that is trained and μ the one that collected, over all t < T and all environments, where the environment was
/// played (`sticky`):
///
///     ρ_t = min(c_rho, π(a_t | s_t) / μ(a_t | s_t))          no gradient passes
///     G_t = r_{t+1} + γ (1 − d_{t+1}) G_{t+1},   G_T = 0      no gradient passes
///     loss = − mean(ρ_t (G_t − b_t) log π(a_t | s_t)) − c_entropy mean(H π(· | s_t))
///
/// The baseline b_t is 0, as the seed runs it, or the mean of G_t over the batch's environments that played. Without it returns that are all
/// positive, as CartPole's, pull towards whatever was done, and a clipped ρ pulls back towards μ; see docs/benchmarks.md.
///
/// So long as nothing says what states are worth, a limit that cuts an episode ends the return as the task's own end does.
///
/// Or the baseline is learnt: v_t = v(s_t), a head of the network. Then neither the fragment's end nor a limit's cut ends the return:
/// G_T = v_T, and v(final observation) follows a cut, as the actor that collected said in its virtual reactions, or v_T as the
/// learner says itself (`Bootstrap`). Rows of an environment that waits (`sticky`) have G_t = v_t. The loss has one term more:
///
///     b_t = v_t (no gradient passes),   loss += c_value mean((v_t − G_t)²)
///
/// With normalised returns (G_t − b_t − mean) / (σ + 10⁻⁸) stands for G_t − b_t, over all steps of the batch that were played.
///
/// Source: Williams (1992), "Simple statistical gradient-following algorithms for connectionist reinforcement learning",
/// with the weights of importance sampling.
public struct Reinforce: Objective, Equatable {
  /// The name in run directories and checkpoints.
  public static let name = "reinforce"

  /// γ, how much a reward is worth a step earlier.
  public var discount: Double
  /// What a unit of entropy is worth.
  public var entropyCost: Schedule
  /// c_rho, the largest importance weight; infinity lets all pass.
  public var rhoClip: Double
  /// b_t, what returns are compared with.
  public var baseline: ReturnBaseline
  /// Whether G_t − b_t is brought to mean 0 and deviation 1 over the batch.
  public var normalisesReturns: Bool
  /// What the squared error of a learnt baseline is worth.
  public var valueCost: Double

  /// REINFORCE with these settings.
  public init(
    discount: Double = 0.99, entropyCost: Schedule = 0.01, rhoClip: Double = .infinity,
    baseline: ReturnBaseline = .none, normalisesReturns: Bool = false, valueCost: Double = 0.5
  ) {
    self.baseline = baseline
    self.normalisesReturns = normalisesReturns
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

    let judgement = baseline == .value ? try StateJudgement(of: fragment, reaction) : nil
    let steps = Trajectory(fragment)
    let returns = steps.returns(discount: discount, values: judgement?.known)
    let compared =
      switch baseline {
      case .none: returns
      case .mean: steps.whilePlaying(returns - steps.meanOverEnvironments(returns))
      case .value: judgement.map { returns - $0.known.current } ?? returns
      }
    let advantages = normalisesReturns ? compared.normalised(over: steps) : compared
    let score = (logPi * (advantages * rho)).mean(over: steps)
    let entropy = distribution.entropy(of: reaction.logits).mean(over: steps)
    let cost = Coefficient("entropy_cost", entropyCost, in: entropy.graph)
    var loss = -score - cost.tensor * entropy
    var metrics: [TracedLoss.Metric] = []
    if let judgement {
      let error = (judgement.values - returns).squared().mean(over: steps)
      loss = loss + valueCost * error
      metrics = judgement.metrics(error: error, over: steps)
    }

    return TracedLoss(
      loss,
      metrics: [
        .init(name: "policy_score", tensor: score, summary: .mean),
        .init(name: "entropy", tensor: entropy, summary: .mean),
        .init(name: "rho_mean", tensor: ratio.mean(over: steps), summary: .mean),
        .init(name: "rho_max", tensor: steps.whilePlaying(ratio).largest(), summary: .largest),
        // Those above the clip: on-policy with c_rho = 1 nothing is cut.
        .init(
          name: "rho_clipped", tensor: (1 - (-ratio).atLeast(-rhoClip)).mean(over: steps),
          summary: .mean),
      ] + metrics, distributions: [ImportanceRatio.distribution(of: ratio, over: steps)],
      coefficients: [cost])
  }
}

/// What returns are compared with before they weigh an action.
public enum ReturnBaseline: String, Sendable, CaseIterable {
  /// Nothing: the seed's way.
  case none
  /// The mean return at the same row over all environments of the batch.
  case mean
  /// What the network's value head says that the state is worth.
  case value
}
