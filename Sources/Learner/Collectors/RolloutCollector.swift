import Rollout

/// A source of batches for a training loop.
///
/// A new collector collects with the weights of its setup. The loop learns from a batch and
/// publishes the new weights, with which later batches are collected. A collector never ends by
/// itself; the loop decides when to stop.
///
/// ```swift
/// for _ in 0..<10_000 {
///   update.learn(from: try rollout.next())
///   rollout.publish(update.weights)
/// }
/// rollout.close()
/// ```
public protocol RolloutCollector: AnyObject {
  /// The layout of a batch.
  var batchLayout: FragmentLayout { get }

  /// Publishes the weights to collect with from now on, which are copied.
  ///
  /// It is called between two batches. Weights are published once for each batch: a second call
  /// before the next batch does nothing, and neither does a call before the first batch.
  func publish(_ weights: FlatVector<Float>)

  /// Returns the next batch, valid until the next call.
  ///
  /// If no weights were published since the last batch, the last ones stay in force. A loop that
  /// has published none for ten batches is told once.
  ///
  /// - Throws: `WorkerDeath` if a worker keeps dying, `EnvironmentFault` if an environment in this
  ///   process fails, `Interrupted` if the wait was interrupted.
  func next() throws -> FragmentBatch

  /// The progress of the collection.
  var progress: CollectorProgress { get }

  /// The present state of each worker; read it at any time.
  ///
  /// The default is an empty array: there are no workers.
  var workers: [WorkerStatus] { get }

  /// The state from which a new collector can resume; read it between batches, after the update.
  ///
  /// The default is nil: the collector cannot be resumed.
  var state: CollectorState? { get }

  /// Makes `state` that before the last batch, which was not learned from and is the last one.
  ///
  /// The default does nothing: the state then leaves out the batch.
  func forgetBatch()

  /// Calls a closure with each episode that finished since the last call.
  ///
  /// If very many finished, only the latest ones are passed.
  func takeEpisodes(_ body: (EpisodeRecord) -> Void)

  /// Attends to the collector's processes while the learner does other work.
  ///
  /// The default does nothing.
  ///
  /// - Throws: `WorkerDeath` if a worker keeps dying, `Interrupted`.
  func attend() throws

  /// Returns the policy lags of the fragments since the last call; an empty histogram by default.
  func takeLags() -> Histogram

  /// Ends the collection and its processes; repeated calls have no effect.
  func close()
}

extension RolloutCollector {
  /// The default: no state to resume from.
  public var state: CollectorState? { nil }

  /// Does nothing: the state leaves out a batch that was not learned from.
  public func forgetBatch() {}

  /// An empty array: there are no workers.
  public var workers: [WorkerStatus] { [] }

  /// Does nothing: there are no processes.
  public func attend() {}

  /// Returns an empty histogram.
  public func takeLags() -> Histogram { .lags }
}

/// The progress of a collection.
public struct CollectorProgress: Codable, Sendable, Equatable {
  /// Batches handed out.
  public var turns = 0
  /// Environment steps in those batches.
  public var steps = 0
  /// Environment steps that workers have made, including those not learned from.
  public var collectedSteps = 0
  /// Episodes that workers have finished.
  public var episodes = 0
  /// The number of workers that were replaced.
  public var restarts = 0
  /// The sum of the policy lags, in updates, of all fragments handed out.
  public var lagSum = 0
  /// The largest policy lag so far.
  public var lagLargest = 0
  /// Fragments handed out.
  public var fragments = 0
  /// Fragments that were dropped because their lag was over the limit.
  public var dropped = 0

  /// Creates the progress of a new collection.
  public init() {}

  /// The mean policy lag so far.
  public var meanLag: Double { fragments == 0 ? 0 : Double(lagSum) / Double(fragments) }
}

/// An interruption of collection or evaluation, because the process was asked to stop.
public struct Interrupted: Error, CustomStringConvertible {
  /// One sentence.
  public var description: String { "the run was interrupted" }

  /// Creates the error.
  public init() {}
}

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
