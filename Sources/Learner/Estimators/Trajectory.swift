import Actor
import Rollout

/// The rewards and episode ends of a fragment's steps, the input of all estimators; [T, B] each.
///
/// Row t describes the step from the state of row t. A step is of one of these kinds:
///
/// | `ends` | `terminated` | `truncated` | meaning | is followed by |
/// |---|---|---|---|---|
/// | 0 | 0 | 0 | the episode continues | the next row, or the state behind the last row |
/// | 1 | 1 | any | the episode terminated | nothing |
/// | 1 | 0 | 1 | the episode was truncated | the final observation, if its value is known |
/// | 1 | 0 | 0 | not played: the environment waits (`sticky`) | nothing |
///
/// docs/estimators.md has the formulas. No gradient passes through an estimate.
public struct Trajectory {
  /// r_{t+1}.
  public let rewards: Tensor
  /// d_{t+1}: not 0 if the episode ended on the step.
  public let ends: Tensor
  /// Not 0 if the episode terminated on the step.
  public let terminated: Tensor
  /// Not 0 if a limit truncated the episode on the step.
  public let truncated: Tensor
  /// 1 if the step was not played since the environment waits for the fragment's end, otherwise 0.
  public let waits: Tensor
  /// True if an environment may wait at all; otherwise played steps are not counted.
  public let mayWait: Bool

  /// 1 if the step was played, otherwise 0.
  public let played: Tensor
  /// The number of steps that were played: at least 1, since the first row is always played.
  public let playedCount: Tensor
  let zero: Tensor

  /// Creates a trajectory from tensors that need not belong to a fragment.
  ///
  /// - Precondition: all tensors are [T, B].
  public init(
    rewards: Tensor, ends: Tensor, terminated: Tensor, truncated: Tensor, mayWait: Bool = true
  ) {
    precondition(rewards.shape.count == 2, "rewards must be [T, B], not \(rewards.shape)")
    for flags in [ends, terminated, truncated] {
      precondition(flags.shape == rewards.shape, "\(flags.shape) does not end \(rewards.shape)")
    }
    self.rewards = rewards.stopGradient()
    self.ends = ends.numeric
    self.terminated = terminated.numeric
    self.truncated = truncated.numeric
    self.mayWait = mayWait
    zero = rewards.graph.constant(0)
    waits = self.terminated.choosing(
      zero, otherwise: self.truncated.choosing(zero, otherwise: self.ends))
    played = 1 - waits
    playedCount = played.sum().clamped(to: 1...Double(max(1, rewards.elementCount)))
  }

  /// Creates the trajectory of a fragment.
  public init(_ fragment: TracedFragment) {
    self.init(
      rewards: fragment.rewards, ends: fragment.next.fin, terminated: fragment.terminated,
      truncated: fragment.truncated, mayWait: fragment.mayWait)
  }

  /// Returns V(s_{t+1}), the value that each step bootstraps from.
  ///
  /// That is `values` one row later if the episode continues, V(final observation) if it was
  /// truncated, and 0 otherwise.
  ///
  /// - Parameters:
  ///   - values: V(s_t), or an estimate of it, for each row.
  ///   - known: V(s_T) and V(final observation).
  package func following(_ values: Tensor, _ known: StateValues) -> Tensor {
    following(values, atEnds: atEnds(known), last: known.last)
  }

  func following(_ values: Tensor, atEnds: Tensor, last: Tensor) -> Tensor {
    ends.choosing(atEnds, otherwise: values.following(last: last))
  }

  /// Returns a factor where the episode continues, otherwise 0.
  func continuing(_ factor: Double) -> Tensor {
    ends.choosing(zero, otherwise: rewards.graph.constant(factor))
  }

  /// Returns V(final observation) where the episode was truncated, otherwise 0.
  func atEnds(_ known: StateValues) -> Tensor {
    guard let final = known.final else { return zero }
    return terminated.choosing(zero, otherwise: truncated.choosing(final, otherwise: zero))
  }
}

/// The value estimates of a fragment's states; no gradient passes.
public struct StateValues {
  /// V(s_t) of the rows, [T, B].
  public let current: Tensor
  /// V(s_T) of the state behind the last row, [B].
  public let last: Tensor
  /// V of the final observations of truncated episodes, [T, B].
  ///
  /// All other entries are arbitrary and may be NaN. If the tensor is nil, truncation counts as
  /// termination.
  public let final: Tensor?

  /// Creates value estimates from tensors that need not belong to a fragment.
  ///
  /// - Precondition: the shapes are [T, B], [B] and [T, B].
  public init(current: Tensor, last: Tensor, final: Tensor? = nil) {
    precondition(current.shape.count == 2, "values must be [T, B], not \(current.shape)")
    precondition(last.shape == [current.shape[1]], "\(last.shape) is not a row of \(current.shape)")
    precondition(
      final.map { $0.shape == current.shape } ?? true, "final values must be \(current.shape)")
    self.current = current.stopGradient()
    self.last = last.stopGradient()
    self.final = final?.stopGradient()
  }

  /// Creates value estimates from the learner's values of a fragment's rows.
  ///
  /// The value of row T is the actor's or the learner's, as `Bootstrap` decides. The values of
  /// final observations are those that the actor recorded. The result is nil if there is no output
  /// of that name.
  public init?(_ current: Tensor, of fragment: TracedFragment, named name: String = "value") {
    guard let last = fragment.last[name]?.value else { return nil }
    self.init(current: current, last: last, final: fragment.final[name]?.value)
  }
}

/// The source of the value estimate for the state behind a fragment's last row.
public enum Bootstrap: String, Sendable, CaseIterable {
  /// The actor that collected the fragment: the value in its virtual reaction to row T.
  case actor
  /// The learner, with its current weights before the update.
  case learner
}
