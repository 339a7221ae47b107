import Rollout

/// Which steps of a fragment somebody played: all but those of environments that wait for its end (`sticky`).
///
/// A step is counted row by row, t · B + b: that of environment b from row t. Holds as long as the fragment is kept.
struct PlayedSteps {
  private let terminated: UnsafePointer<Bool>
  private let truncated: UnsafePointer<Bool>
  /// Whether an episode ended on each step, [T, B].
  let ends: UnsafePointer<Bool>
  /// What each step was rewarded with, [T, B].
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

  /// Whether a step was played.
  func contains(_ step: Int) -> Bool { !ends[step] || terminated[step] || truncated[step] }
}
