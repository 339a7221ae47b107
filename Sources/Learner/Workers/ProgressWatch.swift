import Rollout

/// Whether a worker gets on, as its line in shared memory shows from outside.
///
/// A worker that is parked waits for the learner. One that is not moves from step to step and from fragment to fragment; where
/// neither changes, its environment hangs, or the process is stopped.
struct ProgressWatch {
  private var fragments: UInt64 = 0
  private var position: PositionMarker.Position?
  /// When it was first seen like this, by the monotonic clock; nil before it was looked at.
  private var since: UInt64?

  /// Looks at a worker; how many seconds it has been where it is.
  mutating func secondsStill(_ line: WorkerLine, now: UInt64) -> Double {
    let seen = (line.fragments, line.position.position)
    guard let since, !line.isParked, seen.0 == fragments, seen.1 == position else {
      (fragments, position) = seen
      self.since = now
      return 0
    }
    return Double(now - since) / 1e9
  }
}
