import Rollout

/// A record of each worker's position and snapshot after its last taken fragment.
///
/// Each worker has two marks from different batches, so an incomplete batch can be disregarded.
/// Recording a fragment copies bytes and allocates nothing.
final class WorkerLedger {
  /// The position of a worker.
  struct Mark {
    /// The number of its next fragment.
    var nextFragment = 0
    /// Episodes that it had finished.
    var episodes: UInt64 = 0
    /// The batch that took its last fragment; −1 before the first.
    fileprivate var turn = -1
  }

  private let byteCount: Int
  /// The two marks of each worker: [workers, 2].
  private var marks: [Mark]
  /// The index (0 or 1) of each worker's newest mark.
  private var newest: [Int]
  /// The snapshots of the marks: [workers, 2, bytes].
  private let snapshots: FlatVector<UInt8>

  /// Creates a ledger from resumed workers, or for workers before their first fragment.
  init(workerCount: Int, snapshotByteCount: Int, resuming workers: [WorkerState]?) {
    byteCount = snapshotByteCount
    marks = Array(repeating: Mark(), count: 2 * workerCount)
    newest = Array(repeating: 0, count: workerCount)
    snapshots = FlatVector(repeating: 0, count: 2 * workerCount * snapshotByteCount)
    for (worker, state) in (workers ?? []).enumerated() {
      marks[2 * worker] = Mark(nextFragment: state.nextFragment, episodes: state.episodes)
      if !state.snapshot.isEmpty { snapshot(2 * worker).assign(state.snapshot) }
    }
  }

  private func snapshot(_ place: Int) -> SnapshotView {
    SnapshotView(place, of: snapshots, byteCount: byteCount)
  }

  /// Records a fragment that was taken for a batch.
  func note(_ header: FragmentHeader, _ bytes: SnapshotView, turn: Int) {
    let worker = Int(header.worker)
    if marks[2 * worker + newest[worker]].turn != turn { newest[worker] = 1 - newest[worker] }
    let place = 2 * worker + newest[worker]
    marks[place] = Mark(header, turn: turn)
    if byteCount > 0 { snapshot(place).copy(bytes) }
  }

  /// Returns a worker's position and snapshot; the snapshot is unset before the first fragment.
  ///
  /// - Parameter finishedTurns: the number of complete batches, to leave out fragments of later
  ///   ones; nil for the newest position.
  func mark(
    of worker: Int, finishedTurns: Int? = nil
  ) -> (mark: Mark, snapshot: SnapshotView) {
    var place = 2 * worker + newest[worker]
    if let finishedTurns, marks[place].turn >= finishedTurns { place = place ^ 1 }
    return (marks[place], snapshot(place))
  }
}

extension WorkerLedger.Mark {
  /// Creates the position after a fragment.
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
