import Actor
import Rollout

/// What all collectors have in common: the run's memory, the batch, and the count of turns.
final class CollectorCore {
  let setup: RolloutSetup
  let memory: RunMemory
  let description: RunDescription
  let batch: FragmentBatch
  var progress = CollectorProgress()
  /// The progress at the end of the last turn, whatever has been gathered since.
  var finished = CollectorProgress()
  /// The lags of fragments since they were last asked for.
  var lags = Histogram.lags
  /// Episodes of each worker that have been handed out.
  var cursors: [UInt64]
  /// The incarnation whose random streams each worker began its episodes with.
  var streams: [UInt32]
  /// What was last taken of each worker.
  let ledger: WorkerLedger

  /// Creates the run's memory and publishes the first weights, or those that a state goes on with.
  ///
  /// - Throws: `RunMemoryError` when the machine has no room, `CollectorStateError`, or what making an environment throws.
  init(
    _ setup: RolloutSetup, workerCount: Int, bufferCount: Int, fragmentsPerBatch: Int,
    schedule: CollectSchedule, resuming state: CollectorState?
  ) throws {
    self.setup = setup
    description = setup.description(schedule)
    let text = description.encoded
    let slotCount =
      switch schedule {
      // Enough for a reader to be out of luck only while it is being overtaken three times.
      case .free: 4
      case .fixed(let fixed): fixed.slotCount
      }
    let snapshots = state?.workers.map(\.snapshot) ?? []
    let snapshotByteCount: Int
    do {
      snapshotByteCount = try description.snapshotByteCount(checking: snapshots)
    } catch let error as SnapshotFault {
      throw CollectorStateError("\(error)")
    }
    try state?.check(
      schedule: schedule, workerCount: workerCount, snapshotByteCount: snapshotByteCount,
      weightCount: setup.weights.count)
    try state?.checkCounts(
      stepsPerFragment: setup.stepCount * setup.environmentCount,
      fragmentsPerBatch: fragmentsPerBatch)
    memory = try RunMemory(
      creating: RunLayout(
        workerCount: workerCount, bufferCount: bufferCount,
        fragmentByteCount: setup.layout.byteCount, slotCount: slotCount,
        weightCount: setup.weights.count, descriptionByteCount: text.count,
        snapshotByteCount: snapshotByteCount),
      description: text)
    batch = FragmentBatch(fragmentsPerBatch, of: setup.layout)
    cursors = Array(repeating: 0, count: workerCount)
    streams = Array(repeating: 0, count: workerCount)
    ledger = WorkerLedger(
      workerCount: workerCount, snapshotByteCount: snapshotByteCount, resuming: state?.workers)
    if let state { resume(state) }
    publish()
  }

  /// Version v of the weights is what v − 1 updates made: turn u publishes version u + 1.
  var version: UInt64 { UInt64(progress.turns + 1) }

  /// Puts the weights on the board under this turn's version; nothing for a turn that goes on after a break.
  func publish() {
    guard memory.board.publishedVersion < version else { return }
    memory.board.publish(version: version, UnsafeBufferPointer(setup.weights.buffer))
  }

  /// Places of the batch that are still to be filled: all of them, or what a break left.
  var openPositions: Range<Int> {
    progress.fragments % batch.fragmentCount..<batch.fragmentCount
  }

  /// The fragment in a buffer.
  func fragment(_ buffer: Int) -> FragmentView {
    FragmentView(layout: setup.layout, base: memory.pool.base(of: buffer), owner: memory)
  }

  /// Environment steps in a fragment.
  var stepsPerFragment: Int { setup.stepCount * setup.environmentCount }

  /// Copies a taken fragment into the batch and notes its worker's snapshot; its memory may then go back.
  func gather(_ buffer: Int, at position: Int) {
    batch.gather(fragment(buffer), at: position)
    let header = batch.headers[position]
    note(header, of: buffer)
    let lag = lag(of: header)
    lags.add(Double(lag))
    progress.lagSum += lag
    progress.lagLargest = max(progress.lagLargest, lag)
    progress.fragments += 1
  }

  /// Counts a taken fragment that nobody learns from, and notes its worker's snapshot; its memory may then go back.
  func drop(_ buffer: Int) {
    note(fragment(buffer).header, of: buffer)
    progress.dropped += 1
  }

  /// How many updates a fragment is behind those that this turn learns with.
  func lag(of header: FragmentHeader) -> Int { Int(version - header.policyVersion) }

  private func note(_ header: FragmentHeader, of buffer: Int) {
    ledger.note(header, memory.pool.snapshot(of: buffer), turn: progress.turns)
  }

  /// Ends a turn.
  func finishTurn() -> FragmentBatch {
    progress.turns += 1
    progress.steps += batch.stepCount
    finished = progress
    return batch
  }

  /// The progress with what the workers' lines say.
  func currentProgress(restarts: Int) -> CollectorProgress {
    var result = progress
    result.restarts += restarts
    for worker in cursors.indices {
      result.collectedSteps += Int(memory.line(worker).steps)
      result.episodes += Int(memory.line(worker).episodes)
    }
    return result
  }

  func takeEpisodes(_ body: (EpisodeRecord) -> Void) {
    for worker in cursors.indices { memory.line(worker).drain(from: &cursors[worker], body) }
  }
}
