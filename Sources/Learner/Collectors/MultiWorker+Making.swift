import Actor
import Rollout

extension MultiWorker {
  /// Starts the workers for an environment and a policy, with a new ``RolloutSetup``.
  ///
  /// - Parameters:
  ///   - environment: the environment.
  ///   - policy: the policy; its first weights are drawn with the seed.
  ///   - actorCount: the number of worker processes.
  ///   - environmentCount: B, the number of environments that a worker steps together.
  ///   - stepCount: T, the number of steps in a fragment.
  ///   - fragmentsPerBatch: the number of fragments in a batch.
  ///   - lag: the fixed policy lag of deterministic collection; nil for asynchronous collection.
  ///   - seed: the root of every random stream.
  /// - Throws: the errors of the other initializer and of ``RolloutSetup``.
  public convenience init(
    environment: EnvironmentConfiguration, policy: any Policy, actorCount: Int,
    environmentCount: Int = 8, stepCount: Int = 25, fragmentsPerBatch: Int = 1, lag: Int? = nil,
    seed: UInt64
  ) throws {
    let setup = try RolloutSetup(
      environment: environment, policy: policy, environmentCount: environmentCount,
      stepCount: stepCount, seed: seed)
    // Workers fill further fragments while finished ones wait to be read. With a fixed lag each
    // worker has buffers of its own.
    let bufferCount = lag == nil ? actorCount + (actorCount + 1) / 2 : 2 * actorCount
    try self.init(
      setup, actorCount: actorCount, bufferCount: max(bufferCount, fragmentsPerBatch),
      fragmentsPerBatch: fragmentsPerBatch, lag: lag)
  }

  /// Starts a single worker with two fragments, in lockstep with the learner.
  ///
  /// While the learner learns from one fragment, the worker fills the other with the weights from
  /// before that update:
  ///
  ///     learner  publish 1 │ wait 0             │ learn 0, publish 2 │ wait 1 │ learn 1, publish 3
  ///     worker             │ fill 0 (version 1) │ fill 1 (version 1)          │ fill 2 (version 2)
  ///
  /// This is deterministic collection with one worker, two fragments and a lag of one update.
  ///
  /// - Parameters:
  ///   - setup: the environment, the policy and the shape of fragments.
  ///   - fragmentsPerBatch: the number of fragments in a batch.
  ///   - lag: the policy lag in updates.
  ///   - processes: the program to start, and the receiver of messages.
  ///   - state: the state to resume from, with the weights of that moment in `setup`; nil for a new
  ///     collection.
  /// - Throws: the errors of the initializer.
  public static func lockstep(
    _ setup: RolloutSetup, fragmentsPerBatch: Int = 1, lag: Int = 1,
    processes: WorkerProcesses = WorkerProcesses(), resuming state: CollectorState? = nil
  ) throws -> MultiWorker {
    try MultiWorker(
      setup, actorCount: 1, bufferCount: 2, fragmentsPerBatch: fragmentsPerBatch, lag: lag,
      processes: processes, resuming: state)
  }
}
