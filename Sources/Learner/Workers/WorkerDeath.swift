import Glibc
import Rollout

/// The unexpected end of a worker: its cause, position and last log lines.
package struct WorkerDeath: Error, Sendable, CustomStringConvertible {
  /// The worker's number.
  package var worker: Int
  /// The process identifier.
  package var pid: Int32
  /// The number of earlier replacements of the worker.
  package var incarnation: UInt32
  /// The worker's environment.
  package var environment: String
  /// The run's random seed.
  package var seed: UInt64
  /// The fragments that all processes of this worker handed over.
  package var fragments: UInt64
  /// The cause of the death.
  package var cause: Cause
  /// The environment that the process was working on, and its activity.
  package var position: PositionMarker.Position?
  /// The last lines of its log.
  package var lastWords: [String]

  /// Deaths of all workers since the last fragment or update; 0 if the run continues.
  package var deathsWithoutProgress = 0
  /// The number of ``deathsWithoutProgress`` that may be caused by signals from outside.
  package var deathsFromOutside = 0

  /// The cause of a process's death.
  package enum Cause: Sendable, Equatable {
    case exited(Int32)
    case killed(signal: Int32)
    case unresponsive
    /// Killed by the learner after so many seconds without progress.
    case hung(seconds: Double)

    /// True for a signal as an administrator, a script or the kernel's OOM killer sends it.
    ///
    /// Signals of faults, such as SIGSEGV, do not count.
    var mayComeFromOutside: Bool {
      guard case .killed(let signal) = self else { return false }
      return signal == SIGKILL || (StopSignals.requests + StopSignals.notices).contains(signal)
    }
  }

  /// One sentence with all of these facts.
  package var description: String {
    let place = position.map { " \($0.phrase)" } ?? ""
    let words = lastWords.isEmpty ? "" : "; its last words: \(lastWords.joined(separator: " | "))"
    var count = ""
    if deathsWithoutProgress > 1 {
      count = "; \(deathsWithoutProgress) processes died in a row without a fragment"
      if deathsFromOutside > 0 {
        count += ", \(deathsFromOutside) of them by signals that may come from outside"
      }
    }
    return """
      worker \(worker) (pid \(pid)) \(cause)\(place), after \(fragments) fragments of \
      \(environment) (seed \(seed), incarnation \(incarnation))\(words)\(count)
      """
  }
}

extension WorkerDeath.Cause: CustomStringConvertible {
  /// The predicate of a sentence about the process.
  package var description: String {
    switch self {
    case .exited(let code): "exited with code \(code)"
    case .killed(let signal): "was killed by signal \(signal) (\(signalName(signal)))"
    case .unresponsive: "closed its output and did not end"
    case .hung(let seconds):
      "was killed by the learner because it made no progress for "
        + "\(NumberText.significant(seconds)) s"
    }
  }
}

/// A counter of worker deaths; decides when to stop replacing workers.
///
/// A death counts against the worker only if the process was starting or filling a fragment. A
/// process that waited for the learner was killed from outside.
struct DeathCounts {
  /// The consecutive deaths of one worker that end the run, if no process handed over a fragment.
  static let limit = 10

  /// The deaths beyond the number of workers that end the run, if no worker handed over a fragment.
  ///
  /// Deaths of processes that repeat the work over which their predecessor died do not count.
  static let commonLimit = 3

  /// Seconds without progress after which deaths by outside signals end the run as well.
  static let patienceSeconds = 10.0

  /// The consecutive deaths of a worker after which its next process begins new episodes.
  ///
  /// The first death may have an outside cause. A second one after a restored snapshot is probably
  /// caused by the environment.
  private static let repetitionLimit = 2

  /// The death of a process.
  struct Death {
    /// True if the process handed over no fragment.
    var isBarren: Bool
    /// True if the process repeated the work over which its predecessor died.
    var repeats = false
    /// True if the process had started and had no fragment to fill.
    var isIdle = false
    /// True for a signal as an administrator, a script or the kernel's OOM killer sends it.
    var mayComeFromOutside = false
    /// A counter that grows with each fragment of any worker and with each update.
    var progress: UInt64
    /// The time on the monotonic clock.
    var nanoseconds: UInt64 = 0

    /// True if the process died at work, and not by a signal from outside.
    fileprivate var isItsOwn: Bool { !isIdle && !mayComeFromOutside }
  }

  private struct Member {
    /// Deaths of this worker in a row at work, without outside signals and without a fragment.
    var barren = 0
    /// Deaths since this worker's last fragment, except those of idle processes.
    var inARow = 0
  }

  /// The deaths since the last progress.
  struct Count {
    /// All deaths.
    var total = 0
    /// Deaths at work without outside signals and without repetitions.
    var own = 0
    /// Deaths at work that may be caused by outside signals.
    var fromOutside = 0
    /// The time of the first death.
    fileprivate var began: UInt64 = 0
    /// The time of the last death.
    fileprivate var ended: UInt64 = 0
  }

  /// Deaths since the last fragment of any worker or the last update.
  private(set) var withoutProgress = Count()

  private var members: [Member]
  private var progressAtLast: UInt64 = 0

  /// Creates the counter of a group without deaths.
  init(workerCount: Int) {
    members = Array(repeating: Member(), count: workerCount)
  }

  /// Counts the death of a worker's process.
  mutating func note(_ worker: Int, _ death: Death) {
    if !death.isBarren { members[worker] = Member() }
    if !death.isIdle { members[worker].inARow += 1 }
    if death.isBarren, death.isItsOwn { members[worker].barren += 1 }
    let hasProgressed = death.progress != progressAtLast
    progressAtLast = death.progress
    if hasProgressed || withoutProgress.total == 0 {
      withoutProgress = Count()
      withoutProgress.began = death.nanoseconds
    }
    withoutProgress.total += 1
    withoutProgress.ended = death.nanoseconds
    // The first death after some progress counts even if it repeats an earlier one: the progress
    // ended that repetition.
    if death.isItsOwn, hasProgressed || !death.repeats { withoutProgress.own += 1 }
    if death.mayComeFromOutside, !death.isIdle { withoutProgress.fromOutside += 1 }
  }

  /// Returns true if this worker, or the whole group, died too often without progress.
  func isHopeless(_ worker: Int) -> Bool {
    let count = withoutProgress
    let limit = members.count + Self.commonLimit
    let seconds = Double(count.ended - count.began) / 1e9
    return members[worker].barren >= Self.limit || count.own >= limit
      || (count.own + count.fromOutside >= limit && seconds >= Self.patienceSeconds)
  }

  /// Returns true if the worker's next process must begin new episodes, not restore a snapshot.
  func endsRepetition(of worker: Int) -> Bool {
    members[worker].inARow >= Self.repetitionLimit
  }
}
