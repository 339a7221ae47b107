/// Counts deaths, and says when there is no use in replacing a worker once more.
struct DeathToll {
  /// Deaths of one worker in a row that end the run, when none of its processes handed over a fragment.
  ///
  /// Enough that one which is killed from outside, again before its first turn, is not mistaken for one that cannot work.
  static let limit = 10

  /// How many deaths more than there are workers end the run, when nobody handed over a fragment between them.
  ///
  /// Those of processes that repeat what their predecessors died of do not count.
  static let commonLimit = 3

  /// Deaths of one worker in a row after which its next process begins new episodes.
  ///
  /// The first may have come from outside; the second, where its predecessor went on, is likely to be the environment's.
  private static let repetitionLimit = 2

  private struct Member {
    /// Processes of this worker that ended without having handed over anything, in a row.
    var barren = 0
    /// Deaths since this worker last handed something over.
    var inARow = 0
  }

  private var members: [Member]
  private var withoutFragment = 0
  /// All workers' fragments when one last died.
  private var fragmentsAtLast: UInt64 = 0

  /// Nobody has died yet.
  init(workerCount: Int) {
    members = Array(repeating: Member(), count: workerCount)
  }

  /// Counts a death.
  ///
  /// - Parameters:
  ///   - isBarren: whether the process had handed over nothing.
  ///   - repeats: whether it repeated what its predecessor died of.
  ///   - fragments: what all workers have handed over so far.
  mutating func note(_ worker: Int, isBarren: Bool, repeats: Bool, fragments: UInt64) {
    members[worker].inARow = isBarren ? members[worker].inARow + 1 : 1
    members[worker].barren = isBarren ? members[worker].barren + 1 : 0
    if fragments != fragmentsAtLast {
      withoutFragment = 1
    } else if !repeats {
      withoutFragment += 1
    }
    fragmentsAtLast = fragments
  }

  /// Whether this worker, or all of them together, died too often without handing anything over.
  func isHopeless(_ worker: Int) -> Bool {
    members[worker].barren >= Self.limit
      || withoutFragment >= members.count + Self.commonLimit
  }

  /// Whether the worker's next process begins new episodes, since going on has led to death.
  func endsRepetition(of worker: Int) -> Bool {
    members[worker].inARow >= Self.repetitionLimit
  }
}
