import Foundation
import Rollout

/// The state of a collection between two batches, to resume it in a new collector.
///
/// Together with the weights of that moment, a deterministic schedule continues with exactly the
/// batches that would have followed (docs/resuming.md).
public struct CollectorState: Codable, Sendable, Equatable {
  /// The rule by which workers choose weights and buffer for each fragment.
  package var schedule: CollectSchedule
  /// The progress, without fragments that were collected but never handed out.
  package var progress: CollectorProgress
  /// The state of each worker.
  package var workers: [WorkerState]
  /// The earlier weights that later fragments still need, oldest first.
  ///
  /// The last ones are those of one update before the current weights.
  package var earlierWeights: [[Float]]

  /// Creates a state.
  package init(
    schedule: CollectSchedule, progress: CollectorProgress, workers: [WorkerState],
    earlierWeights: [[Float]] = []
  ) {
    self.schedule = schedule
    self.progress = progress
    self.workers = workers
    self.earlierWeights = earlierWeights
  }
}

/// The state of a worker after its last fragment that was handed out.
package struct WorkerState: Codable, Sendable, Equatable {
  /// The number of earlier replacements of the worker.
  package var incarnation: UInt32 = 0
  /// The incarnation of the random streams of a worker without a fragment.
  package var streams: UInt32 = 0
  /// The number of its next fragment.
  package var nextFragment = 0
  /// Episodes that it had finished.
  package var episodes: UInt64 = 0
  /// Episodes that were reported to the learner; may be more than ``episodes``.
  package var episodesTaken: UInt64 = 0
  /// The complete state before its next fragment, except the weights; empty to begin new episodes.
  package var snapshot: [UInt8] = []

  /// Creates the state of a worker before its first fragment.
  package init() {}
}

/// A state that a collector cannot resume from.
package struct CollectorStateError: Error, Equatable, CustomStringConvertible {
  /// One sentence with the state's value and the expected one.
  package let description: String

  init(_ description: String) { self.description = description.escapingControls }

  /// Returns the same error with the file's name in its description.
  func located(in url: URL) -> CollectorStateError {
    CollectorStateError("cannot use the state '\(url.relativePath)': \(description)")
  }
}

extension CollectorState {
  /// A phrase with the first number that is invalid in any collection; nil if there is none.
  ///
  /// Check it before using the schedule or the versions of weights.
  var fault: String? {
    if case .fixed(let fixed) = schedule {
      let areSound =
        fixed.workerCount >= 1 && fixed.bufferCount >= fixed.workerCount
        && fixed.fragmentsPerBatch >= 1 && fixed.lag >= 0 && fixed.lag <= 1_000_000
        && max(fixed.bufferCount, fixed.fragmentsPerBatch) <= 1_000_000
      if !areSound { return "in the schedule \(schedule)" }
    }
    let counts = [
      ("batches", progress.turns), ("steps", progress.steps), ("restarts", progress.restarts),
      ("collected steps", progress.collectedSteps), ("episodes", progress.episodes),
      ("fragments", progress.fragments), ("dropped fragments", progress.dropped),
      ("a sum of lags", progress.lagSum), ("a largest lag", progress.lagLargest),
    ]
    for (name, count) in counts where !(0...StateArchive.largestCount).contains(count) {
      return "\(name): \(count)"
    }
    for (index, worker) in workers.enumerated() {
      let limit = UInt64(StateArchive.largestCount)
      // A replaced worker's incarnation is one higher.
      guard worker.incarnation < 1 << 31, worker.streams <= worker.incarnation else {
        return "worker \(index) in its incarnation \(worker.incarnation)"
      }
      guard (0...progress.fragments + progress.dropped).contains(worker.nextFragment),
        max(worker.episodes, worker.episodesTaken) <= limit
      else { return "worker \(index) at its fragment \(worker.nextFragment)" }
    }
    return nil
  }

  /// Rejects counts that contradict each other or the collector.
  ///
  /// - Parameters:
  ///   - stepsPerFragment: the environment steps in a fragment.
  ///   - fragmentsPerBatch: the fragments in a batch.
  /// - Throws: ``CollectorStateError`` with the counts.
  func checkCounts(
    stepsPerFragment: Int, fragmentsPerBatch: Int
  ) throws(CollectorStateError) {
    if let fault { throw CollectorStateError("the state has an impossible number: \(fault)") }
    let fragments = progress.turns.multipliedReportingOverflow(by: fragmentsPerBatch)
    let steps = fragments.partialValue.multipliedReportingOverflow(by: stepsPerFragment)
    guard !fragments.overflow, !steps.overflow, progress.fragments == fragments.partialValue,
      progress.steps == steps.partialValue
    else {
      throw CollectorStateError(
        """
        the state has \(progress.fragments) fragments and \(progress.steps) steps in \
        \(progress.turns) batches, and a batch has \(fragmentsPerBatch) fragments of \
        \(stepsPerFragment) steps
        """)
    }
    let dropped = progress.dropped.multipliedReportingOverflow(by: stepsPerFragment)
    guard !dropped.overflow, dropped.partialValue <= Int.max / 4 else {
      throw CollectorStateError("the state has \(progress.dropped) dropped fragments")
    }
    guard case .fixed(let fixed) = schedule else { return }
    for (worker, state) in workers.enumerated() {
      // The worker's share of the fragments so far, which are taken from the workers in rotation.
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

  /// Rejects a collector with another schedule, worker count, snapshot size or weight count.
  ///
  /// - Parameters:
  ///   - weightCount: the number of weights that workers act with.
  ///   - allCount: the number of all weights, which earlier releases saved.
  func check(
    schedule other: CollectSchedule, workerCount: Int, snapshotByteCount: Int, weightCount: Int,
    allCount: Int
  ) throws(CollectorStateError) {
    guard schedule.goesOn(other) else {
      throw CollectorStateError(
        "the state has the schedule \(schedule), which \(other) cannot continue")
    }
    guard workers.count == workerCount else {
      throw CollectorStateError(
        "the state has \(workers.count) workers, and the run has \(workerCount)")
    }
    for worker in workers
    where !worker.snapshot.isEmpty && worker.snapshot.count != snapshotByteCount {
      throw CollectorStateError(
        """
        the state has snapshots of \(worker.snapshot.count) bytes, and this build of rlplay with \
        these options needs \(snapshotByteCount)
        """)
    }
    let versionCount = schedule.earlierVersions(turns: progress.turns).count
    guard earlierWeights.count == versionCount,
      earlierWeights.allSatisfy({ $0.count == weightCount || $0.count == allCount })
    else {
      throw CollectorStateError(
        """
        the state has \(earlierWeights.count) earlier versions of \
        \(earlierWeights.first?.count ?? 0) weights, and the run needs \(versionCount) of \
        \(weightCount)
        """)
    }
    guard earlierWeights.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw CollectorStateError("the state has earlier weights that are not finite")
    }
  }
}

extension CollectSchedule {
  /// Returns true if a collection with another schedule can continue in this one.
  ///
  /// The number of buffers may differ.
  fileprivate func goesOn(_ other: CollectSchedule) -> Bool {
    guard case .fixed(let own) = self, case .fixed(var other) = other else { return self == other }
    other.bufferCount = own.bufferCount
    return own == other
  }

  /// Returns the versions before the current one that later fragments are collected with.
  ///
  /// - Parameter turns: the number of finished batches.
  func earlierVersions(turns: Int) -> Range<UInt64> {
    let current = UInt64(turns + 1)
    guard case .fixed(let schedule) = self else { return current..<current }
    return UInt64(1 + max(0, turns - schedule.lag))..<current
  }
}
