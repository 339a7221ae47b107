import Actor

/// PPO's bounds on how far one batch may move the policy and the value estimates.
///
/// Source: Schulman et al. (2017), "Proximal policy optimization algorithms", equation 7.
public struct ClippedSurrogate: Sendable, Equatable, Encodable {
  /// ε: moving ρ further than this from 1 improves the surrogate no more.
  package var clip: Schedule
  /// The largest change of a value estimate from the recorded one; infinity for no bound.
  package var valueClip: Double

  /// Creates bounds; the defaults are ε = 0.2 and no bound for value estimates.
  public init(clip: Schedule = 0.2, valueClip: Double = .infinity) {
    self.clip = clip
    self.valueClip = valueClip
  }

  /// Returns −mean(min(ρ A, clip(ρ, 1 ± ε) A)).
  ///
  /// - Parameters:
  ///   - ratio: ρ of each step, [T, n·B].
  ///   - advantages: A of each step, [T, n·B].
  ///   - steps: the steps that count.
  ///   - coefficient: ε in the graph; nil for the first value of `clip`.
  public func loss(
    _ ratio: Tensor, _ advantages: Tensor, over steps: Trajectory,
    clip coefficient: Coefficient? = nil
  ) -> Tensor {
    let free = ratio * advantages
    let held =
      if let epsilon = changing(coefficient) {
        ratio.maximum(1 - epsilon).minimum(epsilon + 1)
      } else {
        ratio.clamped(to: 1 - clip.first...1 + clip.first)
      }
    return -free.minimum(held * advantages).mean(over: steps)
  }

  /// ε as a tensor that follows a schedule; nil if it is constant.
  private func changing(_ coefficient: Coefficient?) -> Tensor? {
    coefficient.flatMap { $0.schedule.isConstant ? nil : $0.tensor }
  }

  /// Returns mean((v − target)²), or its clipped form if `valueClip` is finite.
  ///
  /// With a bound δ it is the mean of the larger of (v − target)² and (v_μ + clip(v − v_μ, ± δ) −
  /// target)², where v_μ is `before`, the value estimate recorded by the actor.
  public func valueError(
    _ values: Tensor, target: Tensor, before: Tensor, over steps: Trajectory
  ) -> Tensor {
    let free = (values - target).squared()
    guard valueClip.isFinite else { return free.mean(over: steps) }
    let moved = (values - before).clamped(to: -valueClip...valueClip)
    return free.maximum((before + moved - target).squared()).mean(over: steps)
  }

  /// Returns the fraction of steps with ρ outside of 1 ± ε.
  ///
  /// - Parameters:
  ///   - ratio: ρ of each step, [T, n·B].
  ///   - steps: the steps that count.
  ///   - coefficient: ε in the graph; nil for the first value of `clip`.
  public func clippedPart(
    _ ratio: Tensor, over steps: Trajectory, clip coefficient: Coefficient? = nil
  ) -> TracedLoss.Metric {
    let far =
      if let epsilon = changing(coefficient) {
        (ratio - epsilon).atLeast(1) + (-ratio - epsilon).atLeast(-1)
      } else {
        ratio.atLeast(1 + clip.first) + (-ratio).atLeast(clip.first - 1)
      }
    return .init(name: "clip_fraction", tensor: far.mean(over: steps), summary: .mean)
  }
}
