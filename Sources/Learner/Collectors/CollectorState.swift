import Rollout

/// Where a collection stands between two turns: what a new collector needs to go on from there (docs/resuming.md).
///
/// Together with the weights of that moment it gives, in the deterministic schedule, the very batches that would have
/// followed.
public struct CollectorState: Codable, Sendable, Equatable {
  /// Which weights and which memory a worker uses for each of its fragments.
  public var schedule: CollectSchedule
  /// How far collecting has come, what was collected and never handed out left aside.
  public var progress: CollectorProgress
  /// Where each worker stands.
  public var workers: [WorkerState]
  /// The weights before the current ones that fragments may still be collected with, oldest first; the last
  /// are those of one update earlier.
  public var earlierWeights: [[Float]]

  /// Describes where a collection stands.
  public init(
    schedule: CollectSchedule, progress: CollectorProgress, workers: [WorkerState],
    earlierWeights: [[Float]] = []
  ) {
    self.schedule = schedule
    self.progress = progress
    self.workers = workers
    self.earlierWeights = earlierWeights
  }
}

/// Where a worker stands: after the last of its fragments that was handed out.
public struct WorkerState: Codable, Sendable, Equatable {
  /// How often it had been replaced.
  public var incarnation: UInt32 = 0
  /// The incarnation whose random streams it began with, for one that has handed over nothing.
  public var streams: UInt32 = 0
  /// The number of its next fragment.
  public var nextFragment = 0
  /// Episodes that it had finished.
  public var episodes: UInt64 = 0
  /// Episodes that the learner had been told of, which may be some more.
  public var episodesTaken: UInt64 = 0
  /// All that its next fragment depends on besides the weights; empty when it begins new episodes.
  public var snapshot: [UInt8] = []

  /// A worker at its beginning.
  public init() {}
}

/// A state that a collector cannot go on from.
public struct CollectorStateError: Error, Equatable, CustomStringConvertible {
  /// One sentence with what is where, and what is wanted.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension CollectorState {
  /// Refuses to go on in a collector of another kind.
  func check(
    schedule other: CollectSchedule, workerCount: Int, snapshotByteCount: Int, weightCount: Int
  ) throws(CollectorStateError) {
    guard schedule.goesOn(other) else {
      throw CollectorStateError(
        "the state is one of the schedule \(schedule), which \(other) cannot go on from")
    }
    guard workers.count == workerCount else {
      throw CollectorStateError(
        "the state is one of \(workers.count) workers where there are \(workerCount)")
    }
    for worker in workers
    where !worker.snapshot.isEmpty && worker.snapshot.count != snapshotByteCount {
      throw CollectorStateError(
        """
        the state has snapshots of \(worker.snapshot.count) bytes where this build of rlplay and these options \
        have \(snapshotByteCount)
        """)
    }
    let versionCount = schedule.earlierVersions(turns: progress.turns).count
    guard earlierWeights.count == versionCount,
      earlierWeights.allSatisfy({ $0.count == weightCount })
    else {
      throw CollectorStateError(
        """
        the state has \(earlierWeights.count) earlier versions of \(earlierWeights.first?.count ?? 0) weights \
        where \(versionCount) of \(weightCount) are needed
        """)
    }
  }
}

extension CollectSchedule {
  /// Whether a collection by another schedule can go on in this one: buffers make no difference.
  fileprivate func goesOn(_ other: CollectSchedule) -> Bool {
    guard case .fixed(let own) = self, case .fixed(var other) = other else { return self == other }
    other.bufferCount = own.bufferCount
    return own == other
  }

  /// The versions before the current one that fragments not yet taken are collected with.
  ///
  /// - Parameter turns: turns that are over.
  func earlierVersions(turns: Int) -> Range<UInt64> {
    let current = UInt64(turns + 1)
    guard case .fixed(let schedule) = self else { return current..<current }
    return UInt64(1 + max(0, turns - schedule.lag))..<current
  }
}
