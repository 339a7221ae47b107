import Synchronization

// Each word has one writer at a time; docs/evaluation.md has the table. Three stores publish: the
// request number (request and weights), a result's tag (that result), the finished request number.

/// The memory in which a learner and its evaluation process meet, mapped into this process.
package final class EvaluationMemory: @unchecked Sendable {
  /// The sizes and offsets.
  package let layout: EvaluationLayout

  private let mapping: SharedMemory
  /// The number of the last request, of which only the learner's object knows.
  private var lastNumber: UInt64 = 0

  /// Creates the memory; the learner, before it starts the process.
  ///
  /// - Parameters:
  ///   - weightCount: the floats of the policy's weights.
  ///   - episodeCapacity: the most episodes that one request may ask for.
  ///   - description: what the process should know.
  /// - Throws: `RunMemoryError` when the machine has no room.
  package init(
    creating weightCount: Int, episodeCapacity: Int, description: [UInt8]
  ) throws(RunMemoryError) {
    layout = EvaluationLayout(
      weightCount: weightCount, descriptionByteCount: description.count,
      episodeCapacity: episodeCapacity)
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
  ///   - learner: the learner's process.
  ///   - descriptor: what ``descriptor`` is in that process.
  /// - Throws: `RunMemoryError` when it is not there or is something else.
  package init(attachingTo learner: Int32, descriptor: Int32) throws(RunMemoryError) {
    do {
      mapping = try SharedMemory(attachingTo: learner, descriptor: descriptor)
    } catch {
      throw .system(error)
    }
    layout = try EvaluationLayout(readFrom: mapping.base, mapped: mapping.byteCount)
  }

  /// The number under which this process has the memory open.
  package var descriptor: Int32 { mapping.descriptor }

  /// The learner's description; a copy.
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
  }

  private var requestNumber: UnsafeMutablePointer<AtomicWord> {
    word(EvaluationLayout.requestNumberOffset)
  }

  private var weights: UnsafeMutablePointer<Float> {
    (mapping.base + layout.weightsOffset).assumingMemoryBound(to: Float.self)
  }

  private func result(_ index: Int) -> Int {
    precondition(index >= 0 && index < layout.episodeCapacity, "no episode \(index)")
    return layout.resultsOffset + index * EvaluationLayout.resultStride
  }

  // MARK: The learner

  /// True when the run is over and the process should leave.
  package var stopping: Bool {
    get { stoppingWord.pointee.load(ordering: .acquiring) != 0 }
    set { stoppingWord.pointee.store(newValue ? 1 : 0, ordering: .releasing) }
  }

  /// The word behind ``stopping``, for signal handlers.
  package var stoppingWord: UnsafeMutablePointer<AtomicWord> {
    word(EvaluationLayout.stoppingOffset)
  }

  /// Asks for episodes, in place of whatever was asked for before.
  ///
  /// Then ring the process. Learner only.
  ///
  /// - Precondition: there is room for the results, and there are as many weights as were said.
  package func request(
    _ episodes: Range<Int>, samples: Bool, weights: UnsafeBufferPointer<Float>
  ) {
    precondition(episodes.count <= layout.episodeCapacity && !episodes.isEmpty)
    precondition(weights.count == layout.weightCount)
    withdraw()
    // Nothing of this request may be seen before the 0.
    atomicMemoryFence(ordering: .releasing)
    store(episodes.lowerBound, Request.first)
    store(episodes.count, Request.count)
    store(episodes.lowerBound, Request.begin)
    store(samples ? 1 : 0, Request.samples)
    if let source = weights.baseAddress {
      self.weights.update(from: source, count: weights.count)
    }
    lastNumber += 1
    requestNumber.pointee.store(lastNumber, ordering: .releasing)
  }

  /// Takes the request back; the process gives it up before its next step.
  ///
  /// Learner only.
  package func withdraw() { requestNumber.pointee.store(0, ordering: .relaxed) }

  /// True when all results of the current request are there.
  ///
  /// Learner only.
  package var isFinished: Bool {
    word(EvaluationLayout.finishedOffset).pointee.load(ordering: .acquiring) == lastNumber
  }

  /// The result of the current request's episode with this index; nil while it is not there.
  ///
  /// Learner only.
  package func episode(at index: Int) -> PlayedEpisode? {
    let offset = result(index)
    guard word(offset + 16).pointee.load(ordering: .acquiring) == lastNumber else { return nil }
    let second = load(offset + 8)
    guard let ending = PlayedEpisode.Ending(rawValue: second & 3) else { return nil }
    return PlayedEpisode(
      episodeReturn: Double(bitPattern: load(offset)), length: Int(second >> 2), ending: ending)
  }

  /// Makes the memory ready for another process, which begins with this episode of the request.
  ///
  /// Learner only, while there is no process.
  package func prepareReplacement(beginningWith episode: Int) {
    store(episode, Request.begin)
    store(0, Progress.number)
    store(0, Progress.finishedCount)
    position.clear()
  }

  /// The progress of the process with the current request.
  package struct Progression: Equatable, Sendable {
    /// The episode whose environment is at work; nil if none is.
    package var episode: Int?
    /// The work of that environment.
    package var position: PositionMarker.Position?
    /// Episodes of the current request that this process has finished.
    package var finishedCount = 0

    /// Nothing is played yet.
    package init(
      episode: Int? = nil, position: PositionMarker.Position? = nil, finishedCount: Int = 0
    ) {
      self.episode = episode
      self.position = position
      self.finishedCount = finishedCount
    }
  }

  /// The progress of the process.
  ///
  /// Learner only.
  package var progress: Progression {
    guard load(Progress.number) == lastNumber else { return Progression() }
    let position = position.position
    return Progression(
      episode: position.map { Int(load(Progress.part)) + $0.environment }, position: position,
      finishedCount: Int(load(Progress.finishedCount)))
  }

  // MARK: The process

  /// The place of the step that is being made.
  package var position: PositionMarker { PositionMarker(word(Progress.position)) }

  /// Copies a request and its weights out, if it is another one than the last.
  ///
  /// Process only.
  package func take(
    after last: UInt64, into destination: UnsafeMutableBufferPointer<Float>
  ) -> EvaluationRequest? {
    precondition(destination.count == layout.weightCount)
    while true {
      let number = requestNumber.pointee.load(ordering: .acquiring)
      guard number != 0, number != last else { return nil }
      let first = Int(load(Request.first))
      let request = EvaluationRequest(
        number: number, episodes: first..<first + Int(load(Request.count)),
        firstToPlay: Int(load(Request.begin)), samples: load(Request.samples) != 0)
      destination.baseAddress?.update(from: weights, count: destination.count)
      // The second look may not be made before the last number is here.
      atomicMemoryFence(ordering: .acquiring)
      if requestNumber.pointee.load(ordering: .relaxed) == number { return request }
    }
  }

  /// Returns true if a request is still to be played.
  ///
  /// Process only, before each step.
  package func isCurrent(_ request: EvaluationRequest) -> Bool {
    requestNumber.pointee.load(ordering: .acquiring) == request.number && !stopping
  }

  /// Notes that a part of a request begins.
  ///
  /// Process only.
  ///
  /// - Parameter episode: the part's first episode.
  package func begin(_ request: EvaluationRequest, partFrom episode: Int) {
    position.clear()
    store(episode, Progress.part)
    if load(Progress.number) != request.number { store(0, Progress.finishedCount) }
    word(Progress.number).pointee.store(request.number, ordering: .relaxed)
  }

  /// Leaves an episode's result.
  ///
  /// Process only.
  package func record(_ episode: Int, _ played: PlayedEpisode, of request: EvaluationRequest) {
    let offset = result(episode - request.episodes.lowerBound)
    word(offset).pointee.store(played.episodeReturn.bitPattern, ordering: .relaxed)
    word(offset + 8).pointee.store(
      UInt64(played.length) << 2 | played.ending.rawValue, ordering: .relaxed)
    word(offset + 16).pointee.store(request.number, ordering: .releasing)
    store(Int(load(Progress.finishedCount)) + 1, Progress.finishedCount)
  }

  /// Says that all results are there.
  ///
  /// Then ring the learner. Process only.
  package func finish(_ request: EvaluationRequest) {
    position.clear()
    word(EvaluationLayout.finishedOffset).pointee.store(request.number, ordering: .releasing)
  }
}

/// Episodes to be played, as the evaluation process is asked for them.
package struct EvaluationRequest: Equatable, Sendable {
  /// The request's number, from 1.
  package let number: UInt64
  /// The episodes.
  package let episodes: Range<Int>
  /// The first of them whose result is not there.
  package let firstToPlay: Int
  /// True if actions are drawn; otherwise the likeliest is taken.
  package let samples: Bool
}

/// The result of one whole episode.
package struct PlayedEpisode: Equatable, Sendable {
  /// The undiscounted sum of rewards.
  package var episodeReturn: Double
  /// Steps.
  package var length: Int
  /// Its ending.
  package var ending: Ending

  /// The ending of an episode.
  package enum Ending: UInt64, Sendable {
    /// Its task was over.
    case terminated
    /// The environment's step limit, or a wrapper, truncated it.
    case truncated
    /// It had not ended after the most steps that are played.
    case unfinished
  }

  /// Describes a result.
  package init(episodeReturn: Double, length: Int, ending: Ending) {
    self.episodeReturn = episodeReturn
    self.length = length
    self.ending = ending
  }
}
