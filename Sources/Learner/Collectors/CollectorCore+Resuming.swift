import Rollout

extension CollectorCore {
  /// Prepares a worker's line and snapshot for a new process.
  ///
  /// The process continues after the last fragment that the worker handed over.
  ///
  /// - Parameters:
  ///   - worker: the worker.
  ///   - incarnation: the incarnation of the new process.
  ///   - anew: true to begin new episodes, because continuing has led to repeated deaths.
  func prepare(_ worker: Int, incarnation: UInt32, anew: Bool) {
    let line = memory.line(worker)
    let (mark, snapshot) = newest(of: worker)
    let goesOn = memory.layout.snapshotByteCount > 0 && !anew
    let isRestored = goesOn && mark.nextFragment > 0
    if isRestored { memory.snapshot(ofWorker: worker).copy(snapshot) }
    if !goesOn { streams[worker] = incarnation }
    line.begin(
      incarnation: incarnation, streams: streams[worker], restoresSnapshot: isRestored,
      firstFragment: mark.nextFragment)
    line.rewind(
      toFragments: mark.nextFragment, steps: mark.nextFragment * stepsPerFragment,
      episodes: goesOn ? mark.episodes : nil)
  }

  /// Returns a worker's position and snapshot after its last fragment, whether taken or not.
  private func newest(of worker: Int) -> (mark: WorkerLedger.Mark, snapshot: SnapshotView) {
    var newest = ledger.mark(of: worker)
    for buffer in 0..<memory.pool.bufferCount {
      guard case .ready = memory.pool.state(of: buffer) else { continue }
      let header = fragment(buffer).header
      guard header.worker == worker, header.index >= newest.mark.nextFragment else { continue }
      newest = (WorkerLedger.Mark(header), memory.pool.snapshot(of: buffer))
    }
    return newest
  }

  /// Returns the state of the collection at the end of the last batch.
  func state(restarts: Int) -> CollectorState {
    var progress = finished
    progress.restarts += restarts
    var workers: [WorkerState] = []
    for worker in cursors.indices {
      let (mark, snapshot) = ledger.mark(of: worker, finishedTurns: progress.turns)
      var state = WorkerState()
      state.incarnation = memory.line(worker).incarnation
      state.streams = streams[worker]
      state.nextFragment = mark.nextFragment
      state.episodes = mark.episodes
      state.episodesTaken = cursors[worker]
      if mark.nextFragment > 0 { state.snapshot = snapshot.bytes }
      workers.append(state)
      progress.collectedSteps += mark.nextFragment * stepsPerFragment
      progress.episodes += Int(mark.episodes)
    }
    return CollectorState(
      schedule: description.schedule, progress: progress, workers: workers,
      earlierWeights: earlierWeights(turns: progress.turns))
  }

  /// Returns the earlier weights that later fragments are collected with, oldest first.
  private func earlierWeights(turns: Int) -> [[Float]] {
    let copy = FlatVector<Float>(repeating: 0, count: memory.layout.weightCount)
    return description.schedule.earlierVersions(turns: turns).map { version in
      guard memory.board.read(into: copy, exactly: version) != nil else {
        preconditionFailure("version \(version) of the weights left the board too early")
      }
      return copy.elements
    }
  }

  /// Resumes a state: publishes earlier weights and restores progress and episode counts.
  func resume(_ state: CollectorState) {
    progress = state.progress
    // These two are counted in the workers' lines.
    (progress.collectedSteps, progress.episodes) = (0, 0)
    finished = progress
    let versions = description.schedule.earlierVersions(turns: progress.turns)
    for (version, weights) in zip(versions, state.earlierWeights) {
      memory.board.publish(
        version: version, weights.span.extracting(first: memory.board.weightCount))
    }
    for (worker, state) in state.workers.enumerated() {
      streams[worker] = state.streams
      cursors[worker] = max(state.episodes, state.episodesTaken)
    }
  }

  /// Returns the incarnation that each worker begins with.
  ///
  /// A worker that has to begin new episodes gets the random streams of the next incarnation. It
  /// would otherwise repeat its earlier episodes.
  func firstIncarnations(resuming state: CollectorState?) -> [UInt32] {
    guard let state else { return streams }
    return state.workers.map {
      $0.snapshot.isEmpty && $0.nextFragment > 0 ? $0.incarnation + 1 : $0.incarnation
    }
  }
}

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
