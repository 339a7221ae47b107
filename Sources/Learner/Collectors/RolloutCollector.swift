import Rollout

/// A source of batches: what a training loop runs over.
///
/// Each turn publishes the weights as they are now, gives the last batch's memory back and returns the next one. It never
/// ends by itself: whoever runs over it says when enough is enough.
///
///     for try await batch in rollout.batches(10_000) { update.learn(from: batch) }
///     rollout.close()
///
/// Where there is no `await`, `next` is called in a loop of any other kind.
public protocol RolloutCollector: AnyObject {
  /// Where the fields of a batch lie.
  var batchLayout: FragmentLayout { get }

  /// The next batch, valid until the next call.
  ///
  /// - Throws: `WorkerDeath` when a worker keeps dying, `EnvironmentFault` when an environment in this process cannot go
  ///   on, `Interrupted` when waiting was broken off.
  func next() throws -> FragmentBatch

  /// How far collecting has come.
  var progress: CollectorProgress { get }

  /// Where the collection stands: what a new collector goes on from. To be taken between turns, after learning.
  ///
  /// `nil`, as by default, where a collector cannot be resumed.
  var state: CollectorState? { get }

  /// Hands out the episodes that finished since the last call; of very many, only the latest.
  func takeEpisodes(_ body: (EpisodeRecord) -> Void)

  /// Looks after whatever processes belong to the collection while the learner is busy elsewhere;
  /// by default nothing.
  ///
  /// - Throws: `WorkerDeath` when a worker keeps dying, `Interrupted`.
  func attend() throws

  /// The lags of fragments handed out since the last call; by default none.
  func takeLags() -> Histogram

  /// Ends the collection and whatever processes belong to it. Harmless when repeated.
  func close()
}

extension RolloutCollector {
  /// Nothing to go on from.
  public var state: CollectorState? { nil }

  /// There are no processes.
  public func attend() {}

  /// Nothing is counted.
  public func takeLags() -> Histogram { .lags }
}

/// How far collecting has come.
public struct CollectorProgress: Codable, Sendable, Equatable {
  /// Batches handed out, and versions of the weights published.
  public var turns = 0
  /// Environment steps in those batches.
  public var steps = 0
  /// Environment steps that workers have made, learnt from or not.
  public var collectedSteps = 0
  /// Episodes that workers have finished.
  public var episodes = 0
  /// Workers that were replaced.
  public var restarts = 0
  /// Updates between the weights that collected a fragment and those that it was handed out to, over the
  /// fragments handed out so far: their sum, and the largest.
  public var lagSum = 0
  /// The largest lag so far.
  public var lagLargest = 0
  /// Fragments handed out.
  public var fragments = 0
  /// Fragments that nobody learnt from since they were older than they may be.
  public var dropped = 0

  /// Nothing collected yet.
  public init() {}

  /// The mean lag so far.
  public var meanLag: Double { fragments == 0 ? 0 : Double(lagSum) / Double(fragments) }
}

/// Collecting or evaluating was broken off because the process was told to stop.
public struct Interrupted: Error, CustomStringConvertible {
  /// One sentence.
  public var description: String { "the run was interrupted" }

  /// An interruption.
  public init() {}
}
