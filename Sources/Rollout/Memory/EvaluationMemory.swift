import Synchronization

// Each word has one writer at a time; docs/evaluation.md has the table. Three stores publish: the
// request number (request and weights), a result's tag (that result), the finished request number.

/// The memory that a learner and its evaluation process share, mapped into this process.
package final class EvaluationMemory: @unchecked Sendable {
  /// The sizes and offsets.
  package let layout: EvaluationLayout

  private let mapping: SharedMemory
  /// The number of the last request, known only to the learner's object.
  private var lastNumber: UInt64 = 0

  /// Creates the memory; the learner does this before it starts the process.
  ///
  /// - Parameters:
  ///   - weightCount: the number of the policy's weights (Float).
  ///   - episodeCapacity: the maximum number of episodes of one request.
  ///   - informationCount: the number of results of information per episode.
  ///   - description: the description of the task for the process.
  /// - Throws: `RunMemoryError` if the machine has not enough memory.
  package init(
    creating weightCount: Int, episodeCapacity: Int, informationCount: Int = 0,
    description: [UInt8]
  ) throws(RunMemoryError) {
    layout = EvaluationLayout(
      weightCount: weightCount, descriptionByteCount: description.count,
      episodeCapacity: episodeCapacity, informationCount: informationCount)
    do {
      mapping = try SharedMemory(creating: layout.byteCount)
    } catch {
      throw .system(error)
    }
    layout.write(to: mapping.base)
    (mapping.base + layout.descriptionOffset).copyMemory(
      from: description, byteCount: description.count)
  }

  /// Attaches to the memory that a learner has created.
  ///
  /// - Parameters:
  ///   - learner: the pid of the learner.
  ///   - descriptor: the value of ``descriptor`` in the learner.
  /// - Throws: `RunMemoryError` if the memory does not exist or has other contents.
  package init(attachingTo learner: Int32, descriptor: Int32) throws(RunMemoryError) {
    do {
      mapping = try SharedMemory(attachingTo: learner, descriptor: descriptor)
    } catch {
      throw .system(error)
    }
    layout = try EvaluationLayout(readFrom: mapping.base, mapped: mapping.byteCount)
  }

  /// The descriptor of the memory in this process.
  package var descriptor: Int32 { mapping.descriptor }

  /// A copy of the learner's description.
  package var description: [UInt8] {
    [UInt8](
      UnsafeRawBufferPointer(
        start: mapping.base + layout.descriptionOffset, count: layout.descriptionByteCount))
  }

  // MARK: Words

  private func word(_ offset: Int) -> UnsafeMutablePointer<AtomicWord> {
    mapping.base.word(at: offset)
  }

  private func load(_ offset: Int) -> UInt64 { word(offset).pointee.load(ordering: .relaxed) }

  private func store(_ value: Int, _ offset: Int) {
    word(offset).pointee.store(UInt64(value), ordering: .relaxed)
  }

  private enum Request {
    static let first = EvaluationLayout.requestOffset
    static let count = first + 8
    static let begin = first + 16
    static let samples = first + 24
  }

  private enum Progress {
    static let number = EvaluationLayout.progressOffset
    static let part = number + 8
    static let position = number + 16
    static let finishedCount = number + 24
    static let stepCount = number + 32
  }

  private var requestNumber: UnsafeMutablePointer<AtomicWord> {
    word(EvaluationLayout.requestNumberOffset)
  }

  private var weights: UnsafeMutablePointer<Float> {
    (mapping.base + layout.weightsOffset).assumingMemoryBound(to: Float.self)
  }

  private func result(_ index: Int) -> Int {
    precondition(index >= 0 && index < layout.episodeCapacity, "no episode \(index)")
    return layout.resultsOffset + index * layout.resultStride
  }

  /// Lets SIGTERM end this process once the run is over; until then it is ignored.
  ///
  /// - Parameter body: the work of the process; the signal acts as before afterwards.
  package func withTermination<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Termination.follow(stoppingWord, body)
  }

  // MARK: The learner

  /// True if the run is over and the process should end.
  package var stopping: Bool {
    get { stoppingWord.pointee.load(ordering: .acquiring) != 0 }
    set { stoppingWord.pointee.store(newValue ? 1 : 0, ordering: .releasing) }
  }

  /// The word behind ``stopping``.
  private var stoppingWord: UnsafeMutablePointer<AtomicWord> {
    word(EvaluationLayout.stoppingOffset)
  }

  /// Publishes a request for episodes, which replaces any earlier request.
  ///
  /// The learner calls this and then rings the process's doorbell.
  ///
  /// - Precondition: the request is not empty and within the capacity, and the number of weights is
  ///   that of the layout.
  package func request(
    _ episodes: Range<Int>, samples: Bool, weights: Span<Float>
  ) {
    precondition(episodes.count <= layout.episodeCapacity && !episodes.isEmpty)
    precondition(weights.count == layout.weightCount)
    withdraw()
    // No store of this request may become visible before the 0.
    atomicMemoryFence(ordering: .releasing)
    store(episodes.lowerBound, Request.first)
    store(episodes.count, Request.count)
    store(episodes.lowerBound, Request.begin)
    store(samples ? 1 : 0, Request.samples)
    weights.withUnsafeBufferPointer { source in
      if let first = source.baseAddress { self.weights.update(from: first, count: source.count) }
    }
    lastNumber += 1
    requestNumber.pointee.store(lastNumber, ordering: .releasing)
  }

  /// Withdraws the request; the process abandons it before its next step.
  ///
  /// Only the learner calls this.
  package func withdraw() { requestNumber.pointee.store(0, ordering: .relaxed) }

  /// True if all results of the current request are available.
  ///
  /// Only the learner reads this.
  package var isFinished: Bool {
    word(EvaluationLayout.finishedOffset).pointee.load(ordering: .acquiring) == lastNumber
  }

  /// Returns the result of an episode of the current request by index; nil until it is available.
  ///
  /// Only the learner calls this.
  package func episode(at index: Int) -> PlayedEpisode? {
    let offset = result(index)
    guard word(offset + 16).pointee.load(ordering: .acquiring) == lastNumber else { return nil }
    let second = load(offset + 8)
    guard let ending = PlayedEpisode.Ending(rawValue: second & 3) else { return nil }
    var played = PlayedEpisode(
      episodeReturn: Double(bitPattern: load(offset)), length: Int(second >> 2), ending: ending)
    played.information = (0..<layout.informationCount).map {
      Double(bitPattern: load(offset + 24 + 8 * $0))
    }
    return played
  }

  /// Prepares the memory for a replacement process, which begins with the given episode.
  ///
  /// Only the learner calls this, while no process runs.
  package func prepareReplacement(beginningWith episode: Int) {
    store(episode, Request.begin)
    store(0, Progress.number)
    store(0, Progress.finishedCount)
    store(0, Progress.stepCount)
    position.clear()
  }

  /// The progress of the process with the current request.
  package struct Progression: Equatable, Sendable {
    /// The episode whose environment is at work; nil if none is.
    package var episode: Int?
    /// The work of that environment.
    package var position: PositionMarker.Position?
    /// The number of episodes of the current request that this process has finished.
    package var finishedCount = 0
    /// The number of steps of all environments together that this process has made.
    package var stepCount = 0

    /// Creates a progression, by default with nothing played.
    package init(
      episode: Int? = nil, position: PositionMarker.Position? = nil, finishedCount: Int = 0,
      stepCount: Int = 0
    ) {
      self.episode = episode
      self.position = position
      self.finishedCount = finishedCount
      self.stepCount = stepCount
    }
  }

  /// The progress of the process.
  ///
  /// Only the learner reads this.
  package var progress: Progression {
    guard load(Progress.number) == lastNumber else { return Progression() }
    let position = position.position
    return Progression(
      episode: position.map { Int(load(Progress.part)) + $0.environment }, position: position,
      finishedCount: Int(load(Progress.finishedCount)), stepCount: Int(load(Progress.stepCount)))
  }

  // MARK: The process

  /// The marker of the environment at work.
  package var position: PositionMarker { PositionMarker(word(Progress.position)) }

  /// Returns a new request and copies its weights; nil if there is none.
  ///
  /// Only the process calls this.
  package func take(
    after last: UInt64, into destination: FlatVector<Float>
  ) -> EvaluationRequest? {
    precondition(destination.count == layout.weightCount)
    while true {
      let number = requestNumber.pointee.load(ordering: .acquiring)
      guard number != 0, number != last else { return nil }
      let first = Int(load(Request.first))
      let request = EvaluationRequest(
        number: number, episodes: first..<first + Int(load(Request.count)),
        firstToPlay: Int(load(Request.begin)), samples: load(Request.samples) != 0)
      destination.base.update(from: weights, count: destination.count)
      // The second read of the request number must not precede the reads of the request and its
      // weights.
      atomicMemoryFence(ordering: .acquiring)
      if requestNumber.pointee.load(ordering: .relaxed) == number { return request }
    }
  }

  /// Returns true if a request is neither withdrawn nor replaced, and the run is not over.
  ///
  /// Only the process calls this, before each step.
  package func isCurrent(_ request: EvaluationRequest) -> Bool {
    requestNumber.pointee.load(ordering: .acquiring) == request.number && !stopping
  }

  /// Notes that a part of a request begins.
  ///
  /// Only the process calls this.
  ///
  /// - Parameter episode: the part's first episode.
  package func begin(_ request: EvaluationRequest, partFrom episode: Int) {
    position.clear()
    store(episode, Progress.part)
    if load(Progress.number) != request.number { store(0, Progress.finishedCount) }
    word(Progress.number).pointee.store(request.number, ordering: .relaxed)
  }

  /// Counts a step of all environments together.
  ///
  /// Only the process calls this. Environments need not mark their positions in steps that take
  /// little time, but a long evaluation must not look as if it hung.
  package func countStep() { store(Int(load(Progress.stepCount)) + 1, Progress.stepCount) }

  /// Publishes the result of an episode.
  ///
  /// Only the process calls this.
  package func record(_ episode: Int, _ played: PlayedEpisode, of request: EvaluationRequest) {
    let offset = result(episode - request.episodes.lowerBound)
    word(offset).pointee.store(played.episodeReturn.bitPattern, ordering: .relaxed)
    word(offset + 8).pointee.store(
      UInt64(played.length) << 2 | played.ending.rawValue, ordering: .relaxed)
    precondition(played.information.count == layout.informationCount, "other information")
    for (place, result) in played.information.enumerated() {
      word(offset + 24 + 8 * place).pointee.store(result.bitPattern, ordering: .relaxed)
    }
    word(offset + 16).pointee.store(request.number, ordering: .releasing)
    store(Int(load(Progress.finishedCount)) + 1, Progress.finishedCount)
  }

  /// Publishes that all results are available.
  ///
  /// The process calls this and then rings the learner's doorbell.
  package func finish(_ request: EvaluationRequest) {
    position.clear()
    word(EvaluationLayout.finishedOffset).pointee.store(request.number, ordering: .releasing)
  }
}
