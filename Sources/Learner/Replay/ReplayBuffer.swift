import Glibc
import Rollout

/// A replay buffer that keeps the newest batches and samples environments from them.
///
/// The unit of sampling is one environment of a batch over all its rows; a sample is therefore a
/// fragment itself. Environments are drawn uniformly or by ``ReplayPriorities``. Stored batches are
/// packed. All memory is allocated at creation, but for that of frames which stacked observations
/// share.
package final class ReplayBuffer: ChunkedWork {
  /// The largest number of environment steps kept.
  package var capacity: Int { places.count * stepsPerBatch }
  /// The number of frames that stacked observations share at present.
  package var frameCount: Int { frames?.frameCount ?? 0 }
  /// The number of environment steps kept at present.
  package var stepCount: Int { batchCount * stepsPerBatch }

  /// The memory of all batches and of one more.
  private let storage: FragmentStorage
  /// The fragment of the storage that holds each batch.
  private var places: [Int]
  /// The fragment of the batch that the newest one took the place of, or one never written.
  private var replaced: Int
  private let stepsPerBatch: Int
  private let environmentCount: Int
  /// The size of a batch before it is packed, in bytes.
  private let batchByteCount: Int
  /// The layout of stored batches.
  private let layout: FragmentLayout
  /// The frames of stacked observations; nil if batches are kept as they are.
  private let frames: FrameStore?
  private var batchCount = 0
  private var next = 0
  /// The value of `batchCount` before the newest batch was added.
  private var earlierBatchCount = 0
  /// The priorities of the environments of all batches; nil if they are drawn uniformly.
  private var priorities: ReplayPriorities?
  /// The priorities of the batch that the newest one took the place of.
  private var replacedPriorities: [Double]
  /// The places of the environments of the newest sample among those of all batches.
  private var drawn: [Int] = []
  /// The threads that share the copying of a sample; nil for the caller's alone.
  private let threads: ThreadPool?
  /// The newest sample, while it is copied.
  private var sample: FragmentView?

  /// Creates a buffer for a number of environment steps, at least one batch.
  ///
  /// - Parameters:
  ///   - steps: the environment steps to keep, rounded up to whole batches.
  ///   - layout: the layout of the batches, [T, n·B].
  ///   - priorityExponent: α of ``ReplayPriorities``; 0 to draw uniformly.
  ///   - frames: the store of the frames that stacked observations share; nil to keep batches as
  ///     they are.
  ///   - threads: the threads that share the copying of a sample; nil for the caller's alone.
  package init(
    steps: Int, of layout: FragmentLayout, priorityExponent: Double = 0,
    sharing frames: FrameStore? = nil, threads: ThreadPool? = nil
  ) {
    batchByteCount = layout.byteCount
    self.layout = frames?.storedLayout ?? layout.packed
    self.frames = frames
    self.threads = threads
    stepsPerBatch = layout.stepCount * layout.environmentCount
    environmentCount = layout.environmentCount
    replaced = Self.batchCount(steps, of: layout)
    places = Array(0..<replaced)
    storage = FragmentStorage(self.layout, count: replaced + 1)
    replacedPriorities = Array(repeating: 0, count: environmentCount)
    if priorityExponent > 0 {
      priorities = ReplayPriorities(
        exponent: priorityExponent, count: places.count * environmentCount)
    }
  }

  /// Returns a batch.
  private func batch(_ index: Int) -> FragmentView { storage.view(at: places[index]) }

  /// Returns the number of batches that hold a number of environment steps, at least 1.
  private static func batchCount(_ steps: Int, of layout: FragmentLayout) -> Int {
    let each = layout.stepCount * layout.environmentCount
    return max(1, (steps + each - 1) / each)
  }

  /// Returns the bytes that a buffer needs, or `Int.max` if the number overflows.
  ///
  /// - Parameter depth: the number of stacked frames that are shared; nil for none. A step then has
  ///   one frame, and a 16th more is for the beginnings and ends of episodes.
  static func byteCount(steps: Int, of layout: FragmentLayout, sharing depth: Int? = nil) -> Int {
    var each = layout.packed.byteCount
    if let depth {
      let frameCount = layout.stepCount * layout.environmentCount
      each =
        FrameStore.storedLayout(layout, depth: depth).byteCount
        + frameCount * FrameStore.frameByteCount(layout, depth: depth) * 17 / 16
    }
    let (bytes, isBeyond) = (batchCount(steps, of: layout) + 1)
      .multipliedReportingOverflow(by: each)
    return isBeyond ? .max : bytes
  }

  /// Adds a batch, in place of the oldest one if the buffer is full.
  ///
  /// - Precondition: the batch has the layout that the buffer was created for.
  package func add(_ batch: FragmentView) {
    precondition(
      batch.layout.byteCount == batchByteCount, "a batch of another layout to replay")
    if let frames {
      frames.release(storage.view(at: replaced))
      frames.store(batch, in: storage.view(at: replaced))
    } else {
      storage.view(at: replaced).copy(batch, to: 0)
    }
    swap(&places[next], &replaced)
    for environment in 0..<environmentCount {
      let place = next * environmentCount + environment
      replacedPriorities[environment] = priorities?[place] ?? 0
      if let largest = priorities?.largest { priorities?[place] = largest }
    }
    next = (next + 1) % places.count
    earlierBatchCount = batchCount
    batchCount = min(batchCount + 1, places.count)
  }

  /// Takes back the newest batch, which was just added.
  package func forgetNewest() {
    next = (next + places.count - 1) % places.count
    swap(&places[next], &replaced)
    for environment in 0..<environmentCount {
      priorities?[next * environmentCount + environment] = replacedPriorities[environment]
    }
    batchCount = earlierBatchCount
  }

  /// The largest buffer, in bytes, that is saved with a state; every save writes it completely.
  static let largestSavedByteCount = 256 << 20
  /// The largest sum of the buffers of all ranks, in bytes, that is saved: rank 0 gathers them.
  static let largestGatheredByteCount = 1 << 30

  /// The names that the batches are saved under.
  static let savedNames = [
    "replay.next", "replay.batch_count", "replay.batches", "replay.priorities",
    "replay.largest_priority",
  ]

  /// Saves or restores the batches, unless the buffer exceeds `largestSavedByteCount`, or those of
  /// all ranks together `largestGatheredByteCount`.
  ///
  /// - Returns: false if the archive is being restored and the buffer cannot have been saved; the
  ///   buffer then begins empty. Otherwise true.
  func transfer(_ archive: inout StateArchive) throws(CheckpointError) -> Bool {
    let byteCount = layout.byteCount
    let limit = min(
      Self.largestSavedByteCount, Self.largestGatheredByteCount / archive.rankCount)
    guard byteCount * places.count <= limit, frames == nil, !archive.beginsReplay else {
      archive.lose("the replay buffer starts empty")
      return !archive.isRestoring
    }
    try archive.transfer("replay.next", &next)
    try archive.transfer("replay.batch_count", &batchCount)
    guard places.indices.contains(next), 0...places.count ~= batchCount else {
      throw CheckpointError(
        .mismatched,
        "its replay buffer has \(batchCount) batches, and there is room for \(places.count)")
    }
    try priorities?.transfer(&archive, count: batchCount * environmentCount)
    try archive.transfer("replay.batches", (0..<batchCount).map(batch))
    guard archive.isRestoring else { return true }
    let columns = EnvironmentColumns(layout)
    for index in 0..<batchCount {
      let batch = batch(index)
      let field = batch.firstImpossibleField()
      try archive.require(
        "replay.batches", field == nil, "has an impossible '\(field ?? "")' in batch \(index)")
      try archive.require(
        "replay.batches", columns.areFinite(in: batch),
        "has a number that is not finite in batch \(index)")
    }
    return true
  }

  /// Fills a fragment with environments sampled with replacement.
  ///
  /// - Precondition: the buffer holds at least one batch.
  package func sample(into sample: FragmentView, using random: inout PCG64) {
    precondition(batchCount > 0, "the replay buffer is empty")
    let count = sample.layout.environmentCount
    if drawn.count != count { drawn = Array(repeating: 0, count: count) }
    for place in 0..<count {
      let source =
        priorities?.draw(place, of: count, using: &random)
        ?? random.integer(below: batchCount * environmentCount)
      drawn[place] = source
    }
    self.sample = sample
    let chunkCount = (count + Self.chunkSize - 1) / Self.chunkSize
    run(chunkCount, on: chunkCount > 1 ? threads : nil)
    self.sample = nil
  }

  /// The number of environments of a sample that a thread copies at once.
  private static let chunkSize = 32

  /// Copies some environments of the newest sample.
  package func run(chunk: Int) {
    guard let sample else { return }
    let first = chunk * Self.chunkSize
    for place in first..<min(first + Self.chunkSize, drawn.count) {
      let (index, environment) = drawn[place].quotientAndRemainder(dividingBy: environmentCount)
      if let frames {
        frames.load(environment, of: batch(index), into: sample, at: place)
      } else {
        sample.copy(environment, of: batch(index), to: place)
      }
    }
  }

  /// Sets the importance weights w of the newest sample's environments, for every row.
  ///
  /// - Parameters:
  ///   - weights: the weights, [T, B] row by row; all 1 if environments are drawn uniformly.
  ///   - correction: β, from 0 for none to 1 for all of the bias of prioritized sampling.
  func weigh(_ weights: inout [Float], correction: Double) {
    guard let priorities else { return }
    // N and the sum of all priorities cancel out in the quotient.
    var smallest = Double.infinity
    for place in drawn { smallest = min(smallest, priorities[place]) }
    for (environment, place) in drawn.enumerated() {
      let weight = Float(pow(priorities[place] / smallest, -correction))
      for index in stride(from: environment, to: weights.count, by: drawn.count) {
        weights[index] = weight
      }
    }
  }

  /// Sets the priorities of the newest sample's environments.
  ///
  /// - Parameter error: returns the mean magnitude of the errors of one of them.
  func prioritize(by error: (_ environment: Int) -> Double) {
    guard priorities != nil else { return }
    for (environment, place) in drawn.enumerated() {
      priorities?.update(place, error: error(environment))
    }
  }
}
