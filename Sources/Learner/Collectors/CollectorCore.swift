import Actor
import Rollout

/// The shared parts of all collectors: the run's memory, the batch and the counts.
final class CollectorCore {
  let setup: RolloutSetup
  let memory: RunMemory
  let description: RunDescription
  let batch: FragmentBatch
  var progress = CollectorProgress()
  /// The progress at the end of the last batch, without fragments gathered since then.
  var finished = CollectorProgress()
  /// The progress at the end of the batch before the last one.
  private var earlier = CollectorProgress()
  /// The policy lags of the fragments since the last call of `takeLags`.
  var lags = Histogram.lags
  /// The number of each worker's episode records that were handed out.
  var cursors: [UInt64]
  /// The incarnation of the random streams of each worker's episodes.
  var streams: [UInt32]
  /// The position and snapshot of each worker after its last taken fragment.
  let ledger: WorkerLedger
  /// Receives a sentence about a loop that publishes no weights.
  var say: (String) -> Void = reportOnStandardError
  /// The batches collected with the first weights; nil once others were published or it was told.
  private var unpublishedCount: Int?

  /// The largest number of batches with the first weights before it is told.
  static let mostUnpublished = 10

  /// Creates the run's memory and publishes the weights of the setup.
  ///
  /// - Throws: `RunMemoryError` if the machine lacks memory, `CollectorStateError`, or an error of
  ///   the environment's initializer.
  init(
    _ setup: RolloutSetup, workerCount: Int, bufferCount: Int, fragmentsPerBatch: Int,
    schedule: CollectSchedule, resuming state: CollectorState?
  ) throws {
    self.setup = setup
    description = setup.description(schedule)
    let text = description.encoded
    let slotCount =
      switch schedule {
      // A read fails only if three more versions are published during it.
      case .free: 4
      case .fixed(let fixed): fixed.slotCount
      }
    let snapshots = state?.workers.map(\.snapshot) ?? []
    let snapshotByteCount: Int
    do {
      snapshotByteCount = try description.snapshotByteCount(of: setup.policy, checking: snapshots)
    } catch let error as SnapshotFault {
      throw CollectorStateError("\(error)")
    }
    try state?.check(
      schedule: schedule, workerCount: workerCount, snapshotByteCount: snapshotByteCount,
      weightCount: setup.actingWeightCount, allCount: setup.weights.count)
    try state?.checkCounts(
      stepsPerFragment: setup.stepCount * setup.environmentCount,
      fragmentsPerBatch: fragmentsPerBatch)
    memory = try RunMemory(
      creating: RunLayout(
        workerCount: workerCount, bufferCount: bufferCount,
        fragmentByteCount: setup.layout.byteCount, slotCount: slotCount,
        weightCount: setup.actingWeightCount, descriptionByteCount: text.count,
        snapshotByteCount: snapshotByteCount),
      description: text)
    batch = FragmentBatch(fragmentsPerBatch, of: setup.layout)
    cursors = Array(repeating: 0, count: workerCount)
    streams = Array(repeating: setup.firstIncarnation, count: workerCount)
    ledger = WorkerLedger(
      workerCount: workerCount, snapshotByteCount: snapshotByteCount, resuming: state?.workers)
    if let state { resume(state) }
    publish(setup.weights)
    unpublishedCount = 0
  }

  /// The current version of the weights: version t + 1 after t updates.
  var version: UInt64 { UInt64(progress.turns + 1) }

  /// Publishes weights under the current version.
  ///
  /// - Parameter weights: the weights, which are copied; nil for those of the last version.
  /// - Returns: false if the current version is published already, and nothing was done.
  @discardableResult
  func publish(_ weights: FlatVector<Float>?) -> Bool {
    guard memory.board.publishedVersion < version else { return false }
    if let weights {
      memory.board.publish(version: version, weights.span(0..<memory.board.weightCount))
      unpublishedCount = nil
    } else {
      memory.board.republish(version: version)
      noteUnpublished()
    }
    return true
  }

  private func noteUnpublished() {
    guard let count = unpublishedCount else { return }
    unpublishedCount = count + 1 < Self.mostUnpublished ? count + 1 : nil
    guard unpublishedCount == nil else { return }
    say(
      """
      \(Self.mostUnpublished) batches were collected with the first weights: publish the new ones \
      after each update with publish(_:), or the same ones once if they are to stay
      """)
  }

  /// The positions of the batch that are still empty; not all, if a call was interrupted.
  var openPositions: Range<Int> {
    progress.fragments % batch.fragmentCount..<batch.fragmentCount
  }

  /// Returns the fragment in a buffer.
  func fragment(_ buffer: Int) -> FragmentView {
    FragmentView(layout: setup.layout, buffer: buffer, of: memory)
  }

  /// The number of environment steps in a fragment.
  var stepsPerFragment: Int { setup.stepCount * setup.environmentCount }

  /// Copies a taken fragment into the batch and records its worker's position and snapshot.
  ///
  /// The fragment's memory may be released afterwards.
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

  /// Counts a taken fragment as dropped and records its worker's position and snapshot.
  ///
  /// The fragment's memory may be released afterwards.
  func drop(_ buffer: Int) {
    note(fragment(buffer).header, of: buffer)
    progress.dropped += 1
  }

  /// Returns the policy lag of a fragment in updates.
  func lag(of header: FragmentHeader) -> Int { Int(version - header.policyVersion) }

  private func note(_ header: FragmentHeader, of buffer: Int) {
    ledger.note(header, memory.pool.snapshot(of: buffer), turn: progress.turns)
  }

  /// Counts a complete batch and returns it.
  func finishTurn() -> FragmentBatch {
    progress.turns += 1
    progress.steps += batch.stepCount
    (earlier, finished) = (finished, progress)
    return batch
  }

  /// Makes the state that before the last batch, which was not learned from.
  func forgetBatch() { finished = earlier }

  /// Returns the progress, including the counts in the workers' lines.
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
