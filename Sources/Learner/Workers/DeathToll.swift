/// Counts deaths of worker processes, and decides when replacing them is of no use any more.
///
/// Only a process that died over something counts as one that cannot work: in its start, or over a
/// fragment that it was filling. One that waited for the learner was killed from outside.
struct DeathToll {
  /// Deaths of one worker in a row that end the run, if none of its processes handed over a
  /// fragment.
  static let limit = 10

  /// The number of deaths beyond the number of workers that ends the run, if nobody handed over a
  /// fragment between them.
  ///
  /// Processes that repeat what their predecessor died over do not count.
  static let commonLimit = 3

  /// Seconds without any progress after which deaths by signals from outside end the run as well.
  static let patienceSeconds = 10.0

  /// Deaths of one worker in a row after which its next process begins new episodes.
  ///
  /// The first may have come from outside; the second, where its predecessor continued, is likely
  /// to be the environment's.
  private static let repetitionLimit = 2

  /// The death of a process.
  struct Death {
    /// True if the process had handed over nothing.
    var isBarren: Bool
    /// True if the process repeated what its predecessor died over.
    var repeats = false
    /// True if the process had started and had no fragment to fill.
    var isIdle = false
    /// True for a signal that an administrator, a script or the kernel's memory killer sends.
    var mayComeFromOutside = false
    /// A count that grows with each fragment that any worker hands over and with each update.
    var progress: UInt64
    /// The time by the monotonic clock.
    var nanoseconds: UInt64 = 0

    /// True if the process died over something, and by its own doing.
    fileprivate var isItsOwn: Bool { !isIdle && !mayComeFromOutside }
  }

  private struct Member {
    /// Processes of this worker in a row that died by their own doing without a fragment.
    var barren = 0
    /// Deaths since this worker last handed something over, those of idle processes left aside.
    var inARow = 0
  }

  /// Deaths since the last progress.
  struct Count {
    /// All of them.
    var total = 0
    /// Those of processes that died by their own doing, without repetitions.
    var own = 0
    /// Those that may have come from outside while the process had something to do.
    var fromOutside = 0
    /// The time of the first one.
    fileprivate var began: UInt64 = 0
    /// The time of the last one.
    fileprivate var ended: UInt64 = 0
  }

  /// Deaths since a fragment was last handed over or an update was made.
  private(set) var withoutProgress = Count()

  private var members: [Member]
  private var progressAtLast: UInt64 = 0

  /// Creates the count of a group in which nobody has died yet.
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
    // The first death after some progress counts also if it is a repetition, which the progress
    // ended.
    if death.isItsOwn, hasProgressed || !death.repeats { withoutProgress.own += 1 }
    if death.mayComeFromOutside, !death.isIdle { withoutProgress.fromOutside += 1 }
  }

  /// True if this worker, or all of them together, died too often without handing anything over.
  func isHopeless(_ worker: Int) -> Bool {
    let count = withoutProgress
    let limit = members.count + Self.commonLimit
    let seconds = Double(count.ended - count.began) / 1e9
    return members[worker].barren >= Self.limit || count.own >= limit
      || (count.own + count.fromOutside >= limit && seconds >= Self.patienceSeconds)
  }

  /// True if the worker's next process begins new episodes, since continuing has led to death.
  func endsRepetition(of worker: Int) -> Bool {
    members[worker].inARow >= Self.repetitionLimit
  }
}
