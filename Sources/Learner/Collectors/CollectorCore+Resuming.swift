import Rollout

extension CollectorCore {
  /// Makes a worker's line and snapshot ready for a new process, which goes on from what the worker handed over last.
  ///
  /// - Parameters:
  ///   - incarnation: the new process's.
  ///   - anew: whether it begins new episodes nevertheless, since going on has led to death.
  func prepare(_ worker: Int, incarnation: UInt32, anew: Bool) {
    let line = memory.line(worker)
    let (mark, snapshot) = newest(of: worker)
    let goesOn = memory.layout.snapshotByteCount > 0 && !anew
    let isRestored = goesOn && mark.nextFragment > 0
    if isRestored {
      memory.snapshot(ofWorker: worker).copyMemory(from: UnsafeRawBufferPointer(snapshot))
    }
    if !goesOn { streams[worker] = incarnation }
    line.begin(
      incarnation: incarnation, streams: streams[worker], restoresSnapshot: isRestored,
      firstFragment: mark.nextFragment)
    line.rewind(
      toFragments: mark.nextFragment, steps: mark.nextFragment * stepsPerFragment,
      episodes: goesOn ? mark.episodes : nil)
  }

  /// How far a worker had come with the last fragment that it handed over, taken or not, and its snapshot.
  private func newest(
    of worker: Int
  ) -> (mark: WorkerLedger.Mark, snapshot: UnsafeMutableRawBufferPointer) {
    var newest = ledger.mark(of: worker)
    for buffer in 0..<memory.pool.bufferCount {
      guard case .ready = memory.pool.state(of: buffer) else { continue }
      let header = fragment(buffer).header
      guard header.worker == worker, header.index >= newest.mark.nextFragment else { continue }
      newest = (WorkerLedger.Mark(header), memory.pool.snapshot(of: buffer))
    }
    return newest
  }

  /// Where the collection stood at the end of the last turn.
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
      if mark.nextFragment > 0 { state.snapshot = Array(snapshot) }
      workers.append(state)
      progress.collectedSteps += mark.nextFragment * stepsPerFragment
      progress.episodes += Int(mark.episodes)
    }
    return CollectorState(
      schedule: description.schedule, progress: progress, workers: workers,
      earlierWeights: earlierWeights(turns: progress.turns))
  }

  /// The weights before the current ones that fragments not yet taken are collected with, oldest first.
  private func earlierWeights(turns: Int) -> [[Float]] {
    let copy = FlatVector<Float>(repeating: 0, count: memory.layout.weightCount)
    return description.schedule.earlierVersions(turns: turns).map { version in
      guard memory.board.read(into: copy.buffer, exactly: version) != nil else {
        preconditionFailure("version \(version) of the weights left the board too early")
      }
      return copy.elements
    }
  }

  /// Goes on from a state: earlier weights on the board, progress and episodes as they were.
  func resume(_ state: CollectorState) {
    progress = state.progress
    // Those are counted on the workers' lines.
    (progress.collectedSteps, progress.episodes) = (0, 0)
    finished = progress
    let versions = description.schedule.earlierVersions(turns: progress.turns)
    for (version, weights) in zip(versions, state.earlierWeights) {
      weights.withUnsafeBufferPointer { memory.board.publish(version: version, $0) }
    }
    for (worker, state) in state.workers.enumerated() {
      streams[worker] = state.streams
      cursors[worker] = max(state.episodes, state.episodesTaken)
    }
  }

  /// The incarnation that each worker begins with.
  ///
  /// A worker that has to begin anew takes the next one's streams, so as not to see again what it has seen.
  func firstIncarnations(resuming state: CollectorState?) -> [UInt32] {
    guard let state else { return Array(repeating: 0, count: cursors.count) }
    return state.workers.map {
      $0.snapshot.isEmpty && $0.nextFragment > 0 ? $0.incarnation + 1 : $0.incarnation
    }
  }
}
