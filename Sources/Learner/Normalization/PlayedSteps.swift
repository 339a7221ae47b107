import Rollout

/// The played steps of a fragment: all but those of environments that wait for its end (`sticky`).
///
/// The index of a step is t · B + b, for environment b and the step from row t.
struct PlayedSteps: ~Escapable {
  private let terminated: Span<Bool>
  private let truncated: Span<Bool>
  /// True where an episode ended on the step, [T, B].
  let ends: Span<Bool>
  /// The reward of each step, [T, B].
  let rewards: Span<Float>

  @_lifetime(borrow fragment)
  init(_ fragment: borrowing FragmentView) {
    let layout = fragment.layout
    terminated = fragment.values(layout.terminated)
    truncated = fragment.values(layout.truncated)
    ends = fragment.values(layout.fin, from: 1)
    rewards = fragment.values(layout.rew, from: 1)
  }

  /// Returns true if a step was played.
  func contains(_ step: Int) -> Bool { !ends[step] || terminated[step] || truncated[step] }
}
