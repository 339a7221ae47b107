import Rollout

/// What all collectors have in common: the run's memory, the batch, and the count of turns.
final class CollectorCore {
  let setup: RolloutSetup
  let memory: RunMemory
  let description: RunDescription
  let batch: FragmentBatch
  var progress = CollectorProgress()
  private var cursors: [UInt64]

  /// Creates the run's memory and publishes the first weights.
  ///
  /// - Throws: `RunMemoryError` when the machine has no room.
  init(
    _ setup: RolloutSetup, workerCount: Int, bufferCount: Int, fragmentsPerBatch: Int,
    schedule: CollectSchedule
  ) throws(RunMemoryError) {
    self.setup = setup
    description = setup.description(schedule)
    let text = description.encoded
    let slotCount =
      switch schedule {
      // Enough for a reader to be out of luck only while it is being overtaken three times.
      case .free: 4
      case .fixed(let fixed): fixed.slotCount
      }
    memory = try RunMemory(
      creating: RunLayout(
        workerCount: workerCount, bufferCount: bufferCount,
        fragmentByteCount: setup.layout.byteCount, slotCount: slotCount,
        weightCount: setup.weights.count, descriptionByteCount: text.count),
      description: text)
    batch = FragmentBatch(fragmentsPerBatch, of: setup.layout)
    cursors = Array(repeating: 0, count: workerCount)
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

  /// Copies a taken fragment into the batch and gives its memory back.
  func gather(_ buffer: Int, at position: Int) {
    batch.gather(
      FragmentView(
        layout: setup.layout, base: memory.pool.base(of: buffer), owner: memory), at: position)
    memory.pool.release(buffer)
    let lag = Int(version - batch.headers[position].policyVersion)
    progress.lagSum += lag
    progress.lagLargest = max(progress.lagLargest, lag)
    progress.fragments += 1
  }

  /// The number of the fragment that a worker's new process begins with.
  ///
  /// By schedule that is the first one that its predecessors did not hand over: those were taken in the order of the
  /// schedule, or lie ready in the worker's own buffers. Otherwise each process counts from 0.
  func firstFragment(of worker: Int, _ schedule: CollectSchedule) -> Int {
    guard case .fixed(let schedule) = schedule else { return 0 }
    let ready = schedule.buffers(of: worker).count { buffer in
      if case .ready = memory.pool.state(of: buffer) { true } else { false }
    }
    return schedule.index(worker: worker, afterTaking: progress.fragments) + ready
  }

  /// Ends a turn.
  func finishTurn() -> FragmentBatch {
    progress.turns += 1
    progress.steps += batch.stepCount
    return batch
  }

  /// The progress with what the workers' lines say.
  func currentProgress(restarts: Int) -> CollectorProgress {
    var result = progress
    result.restarts = restarts
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
