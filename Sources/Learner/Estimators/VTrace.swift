import Actor

/// V-trace: value targets and advantages of the trained policy from steps of a behavior policy.
public struct VTrace {
  /// v_t, the targets of the value function, [T, B].
  public let values: Tensor
  /// ρ_t (r_{t+1} + γ v_{t+1} − V(s_t)), the advantages that weigh log π(a_t | s_t), [T, B].
  public let advantages: Tensor
}

extension Trajectory {
  /// Returns V-trace of the steps.
  ///
  ///     ρ_t = min(ρ̄, π/μ),   c_t = λ min(c̄, π/μ)
  ///     v_t = V(s_t) + ρ_t δ_t + γ c_t (1 − d_{t+1}) (v_{t+1} − V(s_{t+1})),   v_T = V(s_T)
  ///     A_t = ρ_t (r_{t+1} + γ v_{t+1} − V(s_t))
  ///
  /// V(final observation) replaces v_{t+1} where an episode was truncated. Where an environment
  /// waits, v_t = V(s_t) and A_t = 0. With π = μ and bounds of at least 1, v_t = GAE(γ, λ) +
  /// V(s_t).
  ///
  /// - Parameters:
  ///   - values: V.
  ///   - ratios: π(a_t | s_t) / μ(a_t | s_t), [T, B]; no gradient passes.
  ///   - discount: γ.
  ///   - lambda: λ.
  ///   - rhoClip: ρ̄, infinity for none.
  ///   - cClip: c̄, infinity for none.
  ///
  /// Source: Espeholt et al. (2018), "IMPALA: scalable distributed deep-RL with importance weighted
  /// actor-learner architectures", equations 1 and 4.
  public func vTrace(
    values: StateValues, ratios: Tensor, discount: Double, lambda: Double = 1,
    rhoClip: Double = 1, cClip: Double = 1
  ) -> VTrace {
    let ratios = ratios.stopGradient()
    let rho = ratios.clipped(at: rhoClip)
    let corrections =
      (rho * temporalDifferences(values: values, discount: discount))
      .accumulatedBackwards(
        weights: continuing(discount * lambda) * ratios.clipped(at: cClip))
    let targets = values.current + corrections
    return VTrace(
      values: targets,
      advantages: rho * differences(from: values, to: targets, discount: discount))
  }
}

extension Tensor {
  /// Returns importance weights limited by an upper bound; infinity means no bound.
  func clipped(at bound: Double) -> Tensor { bound.isFinite ? clamped(to: 0...bound) : self }
}
