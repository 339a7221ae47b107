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

  /// The number of steps that were played.
  var count: Int { ends.indices.count { contains($0) } }

  /// Returns true if a step was played.
  func contains(_ step: Int) -> Bool { !ends[step] || terminated[step] || truncated[step] }
}

extension FragmentView {
  /// The share of the steps that were played, from 0 to 1.
  var playedShare: Float {
    guard layout.contents.mayWait else { return 1 }
    return Float(PlayedSteps(self).count) / Float(layout.stepCount * layout.environmentCount)
  }
}
