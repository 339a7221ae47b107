import Rollout

/// The played steps of a fragment: all but those of environments that wait for its end (`sticky`).
///
/// The index of a step is t · B + b, for environment b and the step from row t. The fragment must
/// stay in memory as long as this value is used.
struct PlayedSteps {
  private let terminated: UnsafePointer<Bool>
  private let truncated: UnsafePointer<Bool>
  /// True where an episode ended on the step, [T, B].
  let ends: UnsafePointer<Bool>
  /// The reward of each step, [T, B].
  let rewards: UnsafePointer<Float>

  init(_ fragment: FragmentView) {
    let (base, layout) = (fragment.base, fragment.layout)
    func flags(_ column: Column, from row: Int) -> UnsafePointer<Bool> {
      UnsafePointer((base + column.offset(row: row)).assumingMemoryBound(to: Bool.self))
    }
    (terminated, truncated) = (flags(layout.terminated, from: 0), flags(layout.truncated, from: 0))
    ends = flags(layout.fin, from: 1)
    rewards = UnsafePointer(
      (base + layout.rew.offset(row: 1)).assumingMemoryBound(to: Float.self))
  }

  /// Returns true if a step was played.
  func contains(_ step: Int) -> Bool { !ends[step] || terminated[step] || truncated[step] }
}
