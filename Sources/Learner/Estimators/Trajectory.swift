import Actor
import Rollout

/// What a fragment's steps were rewarded with and how they ended: what estimators read, [T, B] each.
///
/// Row t is what followed from the state of row t. A step may
///
/// | `ends` | `terminated` | `truncated` | mean | is followed by |
/// |---|---|---|---|---|
/// | 0 | 0 | 0 | the episode goes on | the next row, or the state behind the last row |
/// | 1 | 1 | any | the task ended it | nothing |
/// | 1 | 0 | 1 | a limit cut it | the final observation, where its value is known |
/// | 1 | 0 | 0 | nobody played: the environment waits (`sticky`) | nothing |
///
/// docs/estimators.md has the formulas. No gradient passes through an estimate.
public struct Trajectory {
  /// r_{t+1}.
  public let rewards: Tensor
  /// d_{t+1}: not 0 where the episode ended on the step.
  public let ends: Tensor
  /// Not 0 where the task ended it.
  public let terminated: Tensor
  /// Not 0 where a limit cut it.
  public let truncated: Tensor
  /// 1 where nobody played since the environment waits for the fragment's end, otherwise 0.
  public let waits: Tensor
  /// Whether an environment may wait at all; where none may, nothing is counted.
  public let mayWait: Bool

  /// 1 where somebody played.
  let played: Tensor
  /// How many steps were played: at least 1, as the first row always is.
  let playedCount: Tensor
  let zero: Tensor

  /// Steps that need not lie in a fragment.
  ///
  /// - Precondition: all are [T, B].
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

  /// The steps of a fragment.
  public init(_ fragment: TracedFragment) {
    self.init(
      rewards: fragment.rewards, ends: fragment.next.fin, terminated: fragment.terminated,
      truncated: fragment.truncated, mayWait: fragment.mayWait)
  }

  /// V(s_{t+1}) as a step bootstraps from it.
  ///
  /// That is `values` one row later where the episode goes on, V(final observation) where a limit cut it, and 0 elsewhere.
  ///
  /// - Parameters:
  ///   - values: V(s_t), or an estimate of it, for each row.
  ///   - known: V(s_T) and V(final observation).
  public func following(_ values: Tensor, _ known: StateValues) -> Tensor {
    following(values, atEnds: atEnds(known), last: known.last)
  }

  func following(_ values: Tensor, atEnds: Tensor, last: Tensor) -> Tensor {
    ends.choosing(atEnds, otherwise: values.following(last: last))
  }

  /// A factor where the episode goes on, otherwise 0.
  func continuing(_ factor: Double) -> Tensor {
    ends.choosing(zero, otherwise: rewards.graph.constant(factor))
  }

  /// V(final observation) where a limit cut the episode, otherwise 0.
  func atEnds(_ known: StateValues) -> Tensor {
    guard let final = known.final else { return zero }
    return terminated.choosing(zero, otherwise: truncated.choosing(final, otherwise: zero))
  }
}

/// What states are worth, held fixed: no gradient passes.
public struct StateValues {
  /// V(s_t) of the rows, [T, B].
  public let current: Tensor
  /// V(s_T) of the state behind the last row, [B].
  public let last: Tensor
  /// V of the observations at which limits cut episodes, [T, B]; anything elsewhere, NaN too.
  ///
  /// `nil` where they are not known: a cut is then an end like any other.
  public let final: Tensor?

  /// Values that need not lie in a fragment.
  ///
  /// - Precondition: the shapes are [T, B], [B] and [T, B].
  public init(current: Tensor, last: Tensor, final: Tensor? = nil) {
    precondition(current.shape.count == 2, "values must be [T, B], not \(current.shape)")
    precondition(last.shape == [current.shape[1]], "\(last.shape) is no row of \(current.shape)")
    precondition(
      final.map { $0.shape == current.shape } ?? true, "final values must be \(current.shape)")
    self.current = current.stopGradient()
    self.last = last.stopGradient()
    self.final = final?.stopGradient()
  }

  /// The learner's values of a fragment's rows, and what stands behind them: what is said to row T, by whom `Bootstrap` says, and
  /// what the actor that collected said to final observations.
  ///
  /// `nil` when nobody said anything of that name.
  public init?(_ current: Tensor, of fragment: TracedFragment, named name: String = "value") {
    guard let last = fragment.last[name]?.value else { return nil }
    self.init(current: current, last: last, final: fragment.final[name]?.value)
  }
}

/// Who says what the state behind a fragment's last row is worth.
public enum Bootstrap: String, Sendable, CaseIterable {
  /// The actor that collected the fragment, in its virtual reaction.
  case actor
  /// The learner, with the weights that it is about to move.
  case learner
}
