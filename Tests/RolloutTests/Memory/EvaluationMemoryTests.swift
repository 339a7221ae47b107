import Glibc
import Rollout
import Testing

/// The memory that a learner and its evaluation process share.
struct EvaluationMemoryTests {
  private let learner: EvaluationMemory
  private let process: EvaluationMemory
  private let weights = FlatVector<Float>(repeating: 0, count: 5)

  init() throws {
    learner = try EvaluationMemory(creating: 5, episodeCapacity: 4, description: [7, 8, 9])
    process = try EvaluationMemory(attachingTo: getpid(), descriptor: learner.descriptor)
  }

  private func request(_ episodes: Range<Int>, samples: Bool = false, _ first: Float = 1) {
    learner.request(episodes, samples: samples, weights: [first, 2, 3, 4, 5].span)
  }

  private func episode(_ episodeReturn: Double) -> PlayedEpisode {
    PlayedEpisode(episodeReturn: episodeReturn, length: 12, ending: .truncated)
  }

  @Test func `a request arrives whole and once`() throws {
    #expect(process.layout == learner.layout)
    #expect(process.description == [7, 8, 9])
    #expect(process.take(after: 0, into: weights) == nil)
    request(10..<13, samples: true)
    let taken = try #require(process.take(after: 0, into: weights))
    #expect(taken.episodes == 10..<13 && taken.firstToPlay == 10 && taken.samples)
    #expect(weights.elements == [1, 2, 3, 4, 5])
    #expect(process.isCurrent(taken))
    #expect(process.take(after: taken.number, into: weights) == nil)
    learner.stopping = true
    #expect(process.stopping && !process.isCurrent(taken))
  }

  @Test func `results are there one by one, and finished together`() throws {
    request(10..<12)
    let taken = try #require(process.take(after: 0, into: weights))
    process.begin(taken, partFrom: 10)
    process.position.mark(environment: 1, step: 3)
    process.record(11, episode(-1.5), of: taken)
    #expect(learner.episode(at: 0) == nil)
    #expect(learner.episode(at: 1) == episode(-1.5))
    let position = PositionMarker.Position(environment: 1, step: 3)
    #expect(learner.progress == .init(episode: 11, position: position, finishedCount: 1))
    process.countStep()
    process.countStep()
    #expect(
      learner.progress
        == .init(episode: 11, position: position, finishedCount: 1, stepCount: 2))
    #expect(!learner.isFinished)
    process.record(10, episode(2), of: taken)
    process.finish(taken)
    #expect(learner.isFinished)
    #expect(learner.episode(at: 0) == episode(2))
  }

  @Test func `late results of a request that was withdrawn are not those of the next`() throws {
    request(0..<2)
    let old = try #require(process.take(after: 0, into: weights))
    learner.withdraw()
    #expect(!process.isCurrent(old))
    request(0..<2, 9)
    process.begin(old, partFrom: 0)
    process.record(0, episode(1), of: old)
    process.finish(old)
    #expect(learner.episode(at: 0) == nil)
    #expect(!learner.isFinished)
    #expect(learner.progress == .init())
    let new = try #require(process.take(after: old.number, into: weights))
    #expect(new.number != old.number && weights.elements[0] == 9)
  }

  @Test func `the next process begins where it is told, and results stay`() throws {
    request(0..<4)
    let first = try #require(process.take(after: 0, into: weights))
    process.begin(first, partFrom: 0)
    process.record(0, episode(5), of: first)
    learner.prepareReplacement(beginningWith: 2)
    #expect(learner.progress == .init())
    let again = try #require(process.take(after: 0, into: weights))
    #expect(again.number == first.number && again.firstToPlay == 2)
    #expect(learner.episode(at: 0) == episode(5))
  }

  @Test func `other memory is refused`() throws {
    try withRunMemory { memory in
      _ = #expect(throws: RunMemoryError.self) {
        try EvaluationMemory(attachingTo: getpid(), descriptor: memory.descriptor)
      }
    }
    #expect(throws: RunMemoryError.self) {
      try RunMemory(attachingTo: getpid(), descriptor: learner.descriptor)
    }
  }

  @Test func `weights are never seen half changed`() async throws {
    let memory = try EvaluationMemory(creating: 4096, episodeCapacity: 1, description: [])
    let reader = Task.detached {
      let copy = FlatVector<Float>(repeating: 0, count: 4096)
      var (last, torn, seen) = (UInt64(0), 0, 0)
      while !memory.stopping {
        guard let taken = memory.take(after: last, into: copy) else { continue }
        last = taken.number
        let values = copy.elements
        seen += 1
        torn += values.allSatisfy { $0 == values[0] } ? 0 : 1
        torn += taken.episodes.lowerBound == Int(values[0]) ? 0 : 1
      }
      return (torn, seen)
    }
    for number in 1...2000 {
      let weights = [Float](repeating: Float(number), count: 4096)
      memory.request(number..<number + 1, samples: false, weights: weights.span)
    }
    memory.stopping = true
    #expect(await reader.value.0 == 0)
  }
}
