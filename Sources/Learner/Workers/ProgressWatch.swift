import Rollout

/// The progress of a worker as visible in its line of shared memory.
///
/// A parked worker waits for the learner. Any other worker moves from environment to environment,
/// from row to row and from fragment to fragment. If none of these changes, an environment hangs or
/// the process is stopped.
struct ProgressWatch {
  private struct Sight: Equatable {
    var fragments: UInt64 = 0
    var rows: UInt64 = 0
    var position: PositionMarker.Position?
  }

  private var sight = Sight()
  /// The monotonic time at which `sight` was first seen; nil before the first look.
  private var since: UInt64?

  /// Checks a worker and returns the seconds since its last progress.
  mutating func secondsStill(_ line: WorkerLine, now: UInt64) -> Double {
    let seen = Sight(
      fragments: line.fragments, rows: line.rows, position: line.position.position)
    guard let since, !line.isParked, seen == sight else {
      sight = seen
      self.since = now
      return 0
    }
    return Double(now - since) / 1e9
  }
}
