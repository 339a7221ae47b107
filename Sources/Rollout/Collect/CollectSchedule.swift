/// Which weights and which memory a worker uses for each of its fragments.
///
/// `free` is the asynchronous pool: whatever fragment is free, the newest weights. `fixed` makes both a function of numbers
/// alone, so that one seed gives one result whatever the operating system's scheduler does.
///
/// With W workers and n fragments to an update, fragment s (s = 0, 1, …) is the worker (s mod W)'s k-th with k = s / W, and
/// update u learns from fragments u·n … u·n + n − 1. A fragment that update u learns from is collected with the weights
/// of `lag` updates earlier, or with the first ones.
public enum CollectSchedule: Codable, Sendable, Equatable {
  /// Whatever is free, with the newest weights.
  case free
  /// By number; see `FixedSchedule`.
  case fixed(FixedSchedule)
}

/// The numbers of a deterministic collection.
public struct FixedSchedule: Codable, Sendable, Equatable {
  /// W.
  public var workerCount: Int
  /// Fragments in memory, at least one for each worker.
  public var bufferCount: Int
  /// n.
  public var fragmentsPerBatch: Int
  /// How many updates the weights that collect stay behind those that learn.
  public var lag: Int

  /// A schedule by number.
  ///
  /// - Precondition: there is a buffer for each worker.
  public init(workerCount: Int, bufferCount: Int, fragmentsPerBatch: Int, lag: Int) {
    precondition(bufferCount >= workerCount && workerCount >= 1 && fragmentsPerBatch >= 1)
    self.workerCount = workerCount
    self.bufferCount = bufferCount
    self.fragmentsPerBatch = fragmentsPerBatch
    self.lag = lag
  }

  /// The version of the weights for a worker's `index`-th fragment.
  ///
  /// Version v is what v − 1 updates made.
  public func version(worker: Int, index: Int) -> UInt64 {
    let update = (index * workerCount + worker) / fragmentsPerBatch
    return UInt64(1 + max(0, update - lag))
  }

  /// The memory for a worker's `index`-th fragment: each worker has buffers of its own, used in turn.
  public func buffer(worker: Int, index: Int) -> Int {
    let own = buffers(of: worker)
    return own.lowerBound + index % own.count
  }

  /// The buffers that a worker alone uses.
  public func buffers(of worker: Int) -> Range<Int> {
    let count = bufferCount / workerCount
    return worker * count..<(worker + 1) * count
  }

  /// The worker that the `sequence`-th fragment of the run comes from, and its number there.
  public func origin(sequence: Int) -> (worker: Int, index: Int) {
    (sequence % workerCount, sequence / workerCount)
  }

  /// Slots that the weight board needs so that no version is replaced before its last reader.
  ///
  /// Whoever still needs version v keeps the update that learns from its fragment waiting, so that at most `lag` newer
  /// versions exist; one more is being written.
  public var slotCount: Int { lag + 2 }
}
