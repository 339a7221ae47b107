import Foundation
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

  init(_ description: String) { self.description = description.escapingControls }

  /// The same error with the file's name in its sentence.
  func located(in url: URL) -> CollectorStateError {
    CollectorStateError("cannot use the state '\(url.relativePath)': \(description)")
  }
}

extension CollectorState {
  /// The first number that cannot be, whatever is collected, as a phrase; nil if there is none.
  ///
  /// To be asked before the schedule or the versions of weights are looked at.
  var fault: String? {
    if case .fixed(let fixed) = schedule {
      let areSound =
        fixed.workerCount >= 1 && fixed.bufferCount >= fixed.workerCount
        && fixed.fragmentsPerBatch >= 1 && fixed.lag >= 0 && fixed.lag <= 1_000_000
        && max(fixed.bufferCount, fixed.fragmentsPerBatch) <= 1_000_000
      if !areSound { return "in the schedule \(schedule)" }
    }
    let counts = [
      ("turns", progress.turns), ("steps", progress.steps), ("restarts", progress.restarts),
      ("collected steps", progress.collectedSteps), ("episodes", progress.episodes),
      ("fragments", progress.fragments), ("dropped fragments", progress.dropped),
      ("a sum of lags", progress.lagSum), ("a largest lag", progress.lagLargest),
    ]
    for (name, count) in counts where !(0...StateArchive.largestCount).contains(count) {
      return "\(name): \(count)"
    }
    for (index, worker) in workers.enumerated() {
      let limit = UInt64(StateArchive.largestCount)
      // A replaced worker's incarnation is one more.
      guard worker.incarnation < 1 << 31, worker.streams <= worker.incarnation else {
        return "worker \(index) in its incarnation \(worker.incarnation)"
      }
      guard (0...progress.fragments + progress.dropped).contains(worker.nextFragment),
        max(worker.episodes, worker.episodesTaken) <= limit
      else { return "worker \(index) at its fragment \(worker.nextFragment)" }
    }
    return nil
  }

  /// Refuses numbers that contradict each other or what is collected.
  ///
  /// - Parameters:
  ///   - stepsPerFragment: environment steps in a fragment.
  ///   - fragmentsPerBatch: fragments that a batch is made of.
  func checkCounts(
    stepsPerFragment: Int, fragmentsPerBatch: Int
  ) throws(CollectorStateError) {
    if let fault { throw CollectorStateError("the state has a number that cannot be: \(fault)") }
    let fragments = progress.turns.multipliedReportingOverflow(by: fragmentsPerBatch)
    let steps = fragments.partialValue.multipliedReportingOverflow(by: stepsPerFragment)
    guard !fragments.overflow, !steps.overflow, progress.fragments == fragments.partialValue,
      progress.steps == steps.partialValue
    else {
      throw CollectorStateError(
        """
        the state has \(progress.fragments) fragments and \(progress.steps) steps in \(progress.turns) \
        turns, and a turn has \(fragmentsPerBatch) fragments of \(stepsPerFragment) steps
        """)
    }
    let dropped = progress.dropped.multipliedReportingOverflow(by: stepsPerFragment)
    guard !dropped.overflow, dropped.partialValue <= Int.max / 4 else {
      throw CollectorStateError("the state has \(progress.dropped) dropped fragments")
    }
    guard case .fixed(let fixed) = schedule else { return }
    for (worker, state) in workers.enumerated() {
      // The worker's share of the fragments so far, which are taken in turn.
      let wanted = (progress.fragments - worker + fixed.workerCount - 1) / fixed.workerCount
      guard state.nextFragment == max(0, wanted) else {
        throw CollectorStateError(
          """
          the state has worker \(worker) at its fragment \(state.nextFragment), and after \
          \(progress.fragments) fragments it is at \(max(0, wanted))
          """)
      }
    }
  }

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
    guard earlierWeights.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw CollectorStateError("the state has earlier weights that are not finite")
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
