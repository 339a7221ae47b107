/// A worker as its collector sees it at one moment.
public struct WorkerStatus: Equatable, Sendable {
  /// The work of a worker.
  public enum Activity: String, Sendable {
    /// The process creates its environments.
    case starting
    /// The worker steps environments.
    case stepping
    /// The worker waits for a free fragment or for weights.
    case waiting
  }

  /// The worker's activity.
  package var activity: Activity
  /// The environment steps in fragments that the worker has handed over.
  package var steps: Int
  /// The number of times that the worker was replaced.
  package var restarts: Int

  /// Creates a status.
  public init(activity: Activity, steps: Int, restarts: Int) {
    self.activity = activity
    self.steps = steps
    self.restarts = restarts
  }
}
