/// How a run ended, and what came of it.
public struct TrainingSummary: Sendable {
  /// Why it ended.
  public var ending: Ending
  /// Environment steps learnt from.
  public var steps: Int
  /// Updates of the weights.
  public var updates: Int
  /// Updates that moved nothing, because their loss or gradient was not finite.
  public var skippedUpdates: Int
  /// From the start of the workers to the last update.
  public var seconds: Double
  /// Workers that were replaced.
  public var restarts: Int
  /// The mean policy lag, in updates.
  public var meanLag: Double
  /// The largest policy lag, in updates.
  public var largestLag: Int
  /// Fragments that nobody learnt from since they were older than they may be.
  public var droppedFragments: Int
  /// The mean return of the last evaluation, if there was one.
  public var evaluationReturn: Double?
  /// The best evaluation: its mean return, and the steps at which `best.safetensors` was saved for it.
  public var best: (meanReturn: Double, steps: Int)?
  /// The steps at which an evaluation found the policy collapsed, if it did not recover.
  public var collapseStep: Int?
  /// The run's directory.
  public var runDirectory: String
  /// The root of every random stream.
  public var seed: UInt64

  /// Why a run ended.
  public enum Ending: Sendable, Equatable {
    /// All steps were made.
    case steps
    /// The return that was asked for was reached.
    case reachedReturn
    /// A signal asked to stop.
    case interrupted(signal: Int32)
  }

  /// Environment steps learnt from in a second.
  public var stepsPerSecond: Double { seconds > 0 ? Double(steps) / seconds : 0 }

  /// The file with the weights of the best evaluation, if there was one.
  public var bestCheckpoint: String? {
    best == nil ? nil : "\(runDirectory)/checkpoints/best.safetensors"
  }

  /// The object that ends standard output with `--json`.
  public var json: String {
    var object = OrderedJSON()
    object.set("env_steps", steps)
    object.set("updates", updates)
    object.set("skipped_updates", skippedUpdates)
    object.set("seconds", seconds)
    object.set("steps_per_second", stepsPerSecond)
    object.set("worker_restarts", restarts)
    object.set("mean_lag", meanLag)
    object.set("max_lag", largestLag)
    object.set("dropped_fragments", droppedFragments)
    object.set("eval_return", evaluationReturn ?? .nan)
    object.set("best_return", best?.meanReturn)
    object.set("best_steps", best?.steps)
    object.set("best_checkpoint", bestCheckpoint)
    object.set("collapsed_at", collapseStep)
    object.set("run_dir", runDirectory)
    object.set("seed", seed)
    return object.encoded()
  }
}
