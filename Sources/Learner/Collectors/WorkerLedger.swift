import Rollout

/// What was last taken of each worker: how far it had come, and its snapshot.
///
/// Of two turns, so that one which was broken off can be forgotten. Noting copies bytes and allocates nothing.
final class WorkerLedger {
  /// How far a worker had come.
  struct Mark {
    /// The number of its next fragment.
    var nextFragment = 0
    /// Episodes that it had finished.
    var episodes: UInt64 = 0
    /// The turn that its last fragment was taken in; −1 before the first.
    fileprivate var turn = -1
  }

  private let byteCount: Int
  /// Each worker's two marks: [workers, 2].
  private var marks: [Mark]
  /// Which of its two marks is each worker's newest.
  private var newest: [Int]
  /// The snapshots that belong to the marks: [workers, 2, bytes].
  private let snapshots: FlatVector<UInt8>

  /// Begins with what a state says of workers, or with workers that have done nothing.
  init(workerCount: Int, snapshotByteCount: Int, resuming workers: [WorkerState]?) {
    byteCount = snapshotByteCount
    marks = Array(repeating: Mark(), count: 2 * workerCount)
    newest = Array(repeating: 0, count: workerCount)
    snapshots = FlatVector(repeating: 0, count: 2 * workerCount * snapshotByteCount)
    for (worker, state) in (workers ?? []).enumerated() {
      marks[2 * worker] = Mark(nextFragment: state.nextFragment, episodes: state.episodes)
      if !state.snapshot.isEmpty { snapshot(2 * worker).copyBytes(from: state.snapshot) }
    }
  }

  private func snapshot(_ place: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(
      start: UnsafeMutableRawPointer(snapshots.base) + place * byteCount, count: byteCount)
  }

  /// Notes a fragment that was taken in a turn.
  func note(_ header: FragmentHeader, _ bytes: UnsafeMutableRawBufferPointer, turn: Int) {
    let worker = Int(header.worker)
    if marks[2 * worker + newest[worker]].turn != turn { newest[worker] = 1 - newest[worker] }
    let place = 2 * worker + newest[worker]
    marks[place] = Mark(header, turn: turn)
    if byteCount > 0 { snapshot(place).copyMemory(from: UnsafeRawBufferPointer(bytes)) }
  }

  /// How far a worker had come, and its snapshot, which is none if that is at no fragment.
  ///
  /// - Parameter finishedTurns: nil for the newest, otherwise what was taken in later turns is left out.
  func mark(
    of worker: Int, finishedTurns: Int? = nil
  ) -> (mark: Mark, snapshot: UnsafeMutableRawBufferPointer) {
    var place = 2 * worker + newest[worker]
    if let finishedTurns, marks[place].turn >= finishedTurns { place = place ^ 1 }
    return (marks[place], snapshot(place))
  }
}

extension WorkerLedger.Mark {
  /// Right after a fragment.
  init(_ header: FragmentHeader, turn: Int = -1) {
    nextFragment = Int(header.index) + 1
    episodes = header.episodes
    self.turn = turn
  }

  fileprivate init(nextFragment: Int, episodes: UInt64) {
    self.nextFragment = nextFragment
    self.episodes = episodes
  }
}
