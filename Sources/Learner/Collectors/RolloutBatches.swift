import Rollout

extension RolloutCollector {
  /// The next batches, to loop over: each one is taken when the loop asks for it.
  ///
  ///     for try await batch in rollout.batches(500) { update.learn(from: batch) }
  ///
  /// - Parameter count: how many; without it the loop itself has to end.
  public func batches(_ count: Int = .max) -> RolloutBatches {
    precondition(count >= 0, "\(count) batches")
    return RolloutBatches(collector: self, count: count)
  }
}

/// Batches of a collector as a sequence: a loop takes them by `next()`, and is left by what that throws.
///
/// The sequence holds nothing. A loop that is left early has taken no batch more than it was handed, and whoever asks the collector
/// next goes on behind it. Waiting for workers is waiting in the calling thread, as in `next()`: `await` is there because only
/// asynchronous loops can throw, and nothing else runs meanwhile.
public struct RolloutBatches: AsyncSequence {
  /// What a loop is handed, valid until it asks for the next one.
  public typealias Element = FragmentBatch

  private let collector: any RolloutCollector
  private let count: Int

  fileprivate init(collector: any RolloutCollector, count: Int) {
    self.collector = collector
    self.count = count
  }

  /// Begins to count.
  public func makeAsyncIterator() -> Iterator { Iterator(collector: collector, rest: count) }

  /// Counts the batches of a loop.
  public struct Iterator: AsyncIteratorProtocol {
    private let collector: any RolloutCollector
    private var rest: Int

    fileprivate init(collector: any RolloutCollector, rest: Int) {
      self.collector = collector
      self.rest = rest
    }

    /// The next batch; nil when there were as many as asked for.
    ///
    /// - Throws: what the collector throws; `CancellationError` when the task was cancelled.
    public mutating func next() async throws -> FragmentBatch? { try await next(isolation: nil) }

    /// The next batch, on the caller's actor, so that a collector need not be `Sendable`.
    ///
    /// - Throws: what the collector throws; `CancellationError` when the task was cancelled.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws -> FragmentBatch? {
      guard rest > 0 else { return nil }
      try Task.checkCancellation()
      let batch = try collector.next()
      rest -= 1
      return batch
    }
  }
}
