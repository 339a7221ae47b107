import Rollout

extension RolloutCollector {
  /// Returns the next batches as a sequence; each one is collected when the loop asks for it.
  ///
  /// ```swift
  /// for try await batch in rollout.batches(500) {
  ///   update.learn(from: batch)
  ///   rollout.publish(update.weights)
  /// }
  /// ```
  ///
  /// - Parameter count: the number of batches; by default the loop itself has to end.
  public func batches(_ count: Int = .max) -> RolloutBatches {
    precondition(count >= 0, "\(count) batches")
    return RolloutBatches(collector: self, count: count)
  }
}

/// A sequence of a collector's batches.
///
/// The sequence buffers nothing. A loop that is left early has taken only the batches that it
/// received, and the collector continues after them. Waiting for workers blocks the calling thread,
/// as `RolloutCollector.next()` does. `await` is only there because asynchronous loops can throw;
/// no other work runs meanwhile.
public struct RolloutBatches: AsyncSequence {
  /// A batch, valid until the loop asks for the next one.
  public typealias Element = FragmentBatch

  private let collector: any RolloutCollector
  private let count: Int

  fileprivate init(collector: any RolloutCollector, count: Int) {
    self.collector = collector
    self.count = count
  }

  /// Returns an iterator over the batches.
  public func makeAsyncIterator() -> Iterator { Iterator(collector: collector, rest: count) }

  /// An iterator that counts batches.
  public struct Iterator: AsyncIteratorProtocol {
    private let collector: any RolloutCollector
    private var rest: Int

    fileprivate init(collector: any RolloutCollector, rest: Int) {
      self.collector = collector
      self.rest = rest
    }

    /// Returns the next batch; nil after the requested number.
    ///
    /// - Throws: the collector's errors; `CancellationError` if the task was canceled.
    public mutating func next() async throws -> FragmentBatch? { try await next(isolation: nil) }

    /// Returns the next batch on the caller's actor, so a collector need not be `Sendable`.
    ///
    /// - Throws: the collector's errors; `CancellationError` if the task was canceled.
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
