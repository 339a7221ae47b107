import Rollout

/// Collects in one worker process over two fragments, in lockstep with the learner.
///
/// While the learner learns from one fragment the worker fills the other, with the weights from before that update:
///
///     learner   publish 1 │ wait 0 │ learn 0, publish 2 │ wait 1 │ learn 1, publish 3 │ …
///     worker              │ fill 0 with version 1 │ fill 1 with version 1 │ fill 2 with version 2 │ …
///
/// This is the deterministic pool with one worker, two fragments and a lag of one update.
public enum SingleWorker {
  /// Starts the worker.
  ///
  /// - Parameters:
  ///   - setup: what is collected.
  ///   - fragmentsPerBatch: fragments that a batch is made of.
  ///   - lag: how many updates the weights that collect stay behind.
  ///   - processes: which program to start and whom to tell about it.
  ///   - state: what to go on from, with the weights of that moment in `setup`; nil for a new collection.
  /// - Throws: as making a `MultiWorker` does.
  public static func start(
    _ setup: RolloutSetup, fragmentsPerBatch: Int = 1, lag: Int = 1,
    processes: WorkerProcesses = WorkerProcesses(), resuming state: CollectorState? = nil
  ) throws -> MultiWorker {
    try MultiWorker(
      setup, actorCount: 1, bufferCount: 2, fragmentsPerBatch: fragmentsPerBatch, lag: lag,
      processes: processes, resuming: state)
  }
}

/// Writes a sentence as a line on standard error; nothing happens when nobody reads there any more.
public func reportOnStandardError(_ sentence: String) {
  Terminal.write("\(sentence.escapingControls(keepingLines: true))\n")
}
