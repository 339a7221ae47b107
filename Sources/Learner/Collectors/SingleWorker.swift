import Rollout

/// A collector with one worker process and two fragments, in lockstep with the learner.
///
/// While the learner learns from one fragment, the worker fills the other with the weights from
/// before that update:
///
///     learner   publish 1 │ wait 0             │ learn 0, publish 2 │ wait 1 │ learn 1, publish 3
///     worker              │ fill 0 (version 1) │ fill 1 (version 1)          │ fill 2 (version 2)
///
/// This is deterministic collection with one worker, two fragments and a lag of one update.
public enum SingleWorker {
  /// Starts the worker.
  ///
  /// - Parameters:
  ///   - setup: the environment, the policy and the shape of fragments.
  ///   - fragmentsPerBatch: the number of fragments in a batch.
  ///   - lag: the policy lag in updates.
  ///   - processes: the program to start, and the receiver of messages.
  ///   - state: the state to resume from, with the weights of that moment in `setup`; nil for a new
  ///     collection.
  /// - Throws: the errors of the initializer of `MultiWorker`.
  public static func start(
    _ setup: RolloutSetup, fragmentsPerBatch: Int = 1, lag: Int = 1,
    processes: WorkerProcesses = WorkerProcesses(), resuming state: CollectorState? = nil
  ) throws -> MultiWorker {
    try MultiWorker(
      setup, actorCount: 1, bufferCount: 2, fragmentsPerBatch: fragmentsPerBatch, lag: lag,
      processes: processes, resuming: state)
  }
}
