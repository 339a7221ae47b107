/// The rule by which workers choose weights and buffer for each fragment.
///
/// `free` is the asynchronous pool: any free fragment, filled with the newest weights. `fixed`
/// makes both choices functions of the fragment's number. One random seed then gives one result,
/// independent of the operating system's scheduler.
///
/// Let W be the number of workers and n the number of fragments per update. Fragment s (s = 0, 1,
/// …) is collected by worker s mod W, as its k-th fragment with k = s / W. Update u learns from
/// fragments u·n … u·n + n − 1. They are collected with the weights of `lag` updates earlier, or
/// with the initial weights if there are none.
package enum CollectSchedule: Codable, Sendable, Equatable {
  /// Any free fragment, with the newest weights.
  case free
  /// Weights and buffer by fragment number; see `FixedSchedule`.
  case fixed(FixedSchedule)
}

/// The parameters of deterministic collection.
package struct FixedSchedule: Codable, Sendable, Equatable {
  /// W, the number of workers.
  package var workerCount: Int
  /// The number of fragments in memory, at least one per worker.
  package var bufferCount: Int
  /// n, the number of fragments per update.
  package var fragmentsPerBatch: Int
  /// The policy lag in updates.
  package var lag: Int

  /// Creates a schedule.
  ///
  /// - Precondition: `bufferCount` ≥ `workerCount` ≥ 1 and `fragmentsPerBatch` ≥ 1.
  package init(workerCount: Int, bufferCount: Int, fragmentsPerBatch: Int, lag: Int) {
    precondition(bufferCount >= workerCount && workerCount >= 1 && fragmentsPerBatch >= 1)
    self.workerCount = workerCount
    self.bufferCount = bufferCount
    self.fragmentsPerBatch = fragmentsPerBatch
    self.lag = lag
  }

  /// Returns the version of the weights for a worker's `index`-th fragment.
  ///
  /// Version v is the result of v − 1 updates.
  package func version(worker: Int, index: Int) -> UInt64 {
    let update = (index * workerCount + worker) / fragmentsPerBatch
    return UInt64(1 + max(0, update - lag))
  }

  /// Returns the buffer for a worker's `index`-th fragment; a worker cycles through its buffers.
  package func buffer(worker: Int, index: Int) -> Int {
    let own = buffers(of: worker)
    return own.lowerBound + index % own.count
  }

  /// Returns the buffers that are reserved for a worker.
  package func buffers(of worker: Int) -> Range<Int> {
    let count = bufferCount / workerCount
    return worker * count..<(worker + 1) * count
  }

  /// Returns the worker of the run's `sequence`-th fragment, and the fragment's number there.
  package func origin(sequence: Int) -> (worker: Int, index: Int) {
    (sequence % workerCount, sequence / workerCount)
  }

  /// The number of weight-board slots that keeps every version until its last reader is done.
  ///
  /// While a fragment still needs version v, the update that learns from it cannot run. So at most
  /// `lag` newer versions exist, and one more is being written.
  package var slotCount: Int { lag + 2 }
}
