import Rollout

/// The result of a training run.
public struct TrainingSummary: Sendable {
  /// The reason of its end.
  public var ending: Ending
  /// The number of environment steps learned from.
  public var steps: Int
  /// The number of updates.
  public var updates: Int
  /// The number of updates skipped because their loss, gradient or batch was not finite.
  public var skippedUpdates: Int
  /// The seconds from the start of the workers to the end of the training loop.
  ///
  /// A resumed run includes its earlier parts. An evaluation after the loop is not included.
  public var seconds: Double
  /// The number of workers that were replaced.
  public var restarts: Int
  /// The mean policy lag, in updates.
  public var meanLag: Double
  /// The largest policy lag, in updates.
  public var largestLag: Int
  /// The number of fragments dropped because they exceeded the largest policy lag.
  public var droppedFragments: Int
  /// The mean return of the last evaluation, if there was one.
  public var evaluationReturn: Double?
  /// The best evaluation: its mean return, and the steps at which `best.safetensors` was saved.
  public var best: (meanReturn: Double, steps: Int)?
  /// The steps at which an evaluation found the policy collapsed, if it did not recover.
  public var collapseStep: Int?
  /// The run's directory.
  public var runDirectory: String
  /// The random seed of the run.
  public var seed: UInt64

  /// The reason of a run's end.
  public enum Ending: Sendable, Equatable {
    /// All steps were made.
    case steps
    /// The target return was reached.
    case reachedReturn
    /// A signal asked to stop.
    case interrupted(signal: Int32)

    /// True if a signal asked to stop.
    var isInterruption: Bool { if case .interrupted = self { true } else { false } }
  }

  /// The number of environment steps learned from per second.
  public var stepsPerSecond: Double { seconds > 0 ? Double(steps) / seconds : 0 }

  /// The file with the weights of the best evaluation, if there was one.
  public var bestCheckpoint: String? {
    best == nil ? nil : "\(runDirectory)/checkpoints/best.safetensors"
  }

  /// The JSON object that `--json` prints as the last line of standard output.
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

/// An error that ends training.
package struct TrainingError: Error, CustomStringConvertible {
  /// A sentence with what happened and what to do.
  package var description: String

  /// Creates the error from its sentence.
  package init(_ description: String) { self.description = description }
}
