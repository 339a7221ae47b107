import Actor

/// PPO's bounds on how far one batch may move policy and value.
///
/// Source: Schulman et al. (2017), "Proximal policy optimization algorithms", equation 7.
public struct ClippedSurrogate: Sendable, Equatable {
  /// ε, how far ρ may move from 1 before nothing more is gained by it.
  public var clip: Double
  /// How far the value may move from what the collecting policy's network said; infinity for any.
  public var valueClip: Double

  /// Bounds; by default ε = 0.2 and none for the value.
  public init(clip: Double = 0.2, valueClip: Double = .infinity) {
    self.clip = clip
    self.valueClip = valueClip
  }

  /// −mean(min(ρ A, clip(ρ, 1 ± ε) A)).
  func loss(_ ratio: Tensor, _ advantages: Tensor, over steps: Trajectory) -> Tensor {
    let free = ratio * advantages
    let held = ratio.clamped(to: 1 - clip...1 + clip) * advantages
    return -free.minimum(held).mean(over: steps)
  }

  /// mean((v − target)²), or with a bound δ the mean of the larger one of it and (v_μ + clip(v − v_μ, ± δ) − target)².
  func valueError(
    _ values: Tensor, target: Tensor, before: Tensor, over steps: Trajectory
  ) -> Tensor {
    let free = (values - target).squared()
    guard valueClip.isFinite else { return free.mean(over: steps) }
    let moved = (values - before).clamped(to: -valueClip...valueClip)
    return free.maximum((before + moved - target).squared()).mean(over: steps)
  }

  /// The part of all steps at which ρ is beyond the bounds.
  func clippedPart(_ ratio: Tensor, over steps: Trajectory) -> TracedLoss.Metric {
    let far = ratio.atLeast(1 + clip) + (-ratio).atLeast(clip - 1)
    return .init(name: "clip_fraction", tensor: far.mean(over: steps), summary: .mean)
  }
}
