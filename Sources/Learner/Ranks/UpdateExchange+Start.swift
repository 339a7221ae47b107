import Foundation
import Rollout

/// The material that a rank begins with.
private struct RankStart: Codable {
  /// False if rank 0 has failed already.
  var isGood = false
  /// The release and the program of rank 0.
  var build = ""
  /// The options of the run, as JSON.
  var configuration = ""
  /// The number of processes of each rank that evaluate beside training.
  var evaluationProcessCount = 0
  /// True if a state follows.
  var isResumed = false
}

extension UpdateExchange {
  /// Tells the other ranks that rank 0 does not begin; does nothing at other ranks or afterwards.
  package func refuse() {
    guard !hasBegun, ranks.rank == 0 else { return }
    hasBegun = true
    endsTogether = (try? ranks.broadcast(Self.bytes(RankStart()))) != nil
  }

  private static func bytes(_ start: RankStart) -> [UInt8] {
    guard let data = try? JSONEncoder().encode(start) else {
      preconditionFailure("\(start) cannot be encoded as JSON")
    }
    return [UInt8](data)
  }

  /// Distributes options and state of rank 0, and counts the workers of lower ranks.
  ///
  /// - Throws: at all ranks if a rank has another build or another shape of batches.
  func begin(
    _ own: TrainingConfiguration?, resuming former: (state: RunState, directory: RunDirectory)?
  ) throws -> (configuration: TrainingConfiguration, state: RunState?) {
    var start = RankStart()
    var state = former?.state
    var bytes: [UInt8] = []
    if ranks.rank == 0, var configuration = former?.state.configuration ?? own {
      configuration.seed = configuration.seed ?? UInt64.random(in: 0..<1 << 53)
      start = RankStart(
        isGood: true, build: Self.build,
        configuration: String(decoding: configuration.json(), as: UTF8.self),
        evaluationProcessCount: configuration.evaluationProcessCount, isResumed: former != nil)
      // Read before the others wait for it.
      if let former { bytes = try SystemCalls.contents(of: former.directory.state.path) }
    }
    let told = try ranks.broadcast(Self.bytes(start))
    hasBegun = true
    start = try JSONDecoder().decode(RankStart.self, from: Data(told))
    guard start.isGood else {
      endsTogether = true
      throw OtherRankFailed()
    }
    if start.isResumed { bytes = try ranks.broadcast(bytes) }
    let counts = FlatVector<Double>(repeating: 0, count: ranks.count)
    let configuration = Result {
      if start.build != Self.build {
        throw ConfigurationError(
          "rank \(ranks.rank) runs rlplay \(Self.build), and rank 0 \(start.build): start the same "
            + "build on every machine.")
      }
      var configuration = try TrainingConfiguration(json: Data(start.configuration.utf8))
      if start.isResumed, state == nil {
        state = try RunState(decoding: Data(bytes))
        state?.configuration = configuration
      }
      if ranks.rank > 0 {
        if let own { try Self.adopt(own, ranks.rank, into: &configuration) }
        if let state, state.rankCount == ranks.count {
          let rank = try state.resumed(byRank: ranks.rank, of: ranks.count)
          configuration.actorCount = rank.collector.workers.count
        }
        configuration.evaluationWorkers = start.evaluationProcessCount
      }
      return configuration
    }
    var error: (any Error)?
    switch configuration {
    case .failure(let failure): error = failure
    case .success(let configuration):
      counts[ranks.rank] = Double(configuration.collector == .multi ? configuration.actorCount : 1)
    }
    do {
      try agree(on: error, adding: counts)
    } catch {
      throw shared(error)
    }
    workerCounts = counts.elements.map { Int($0) }
    let shared = try configuration.get()
    state?.configuration = shared
    return (shared, state)
  }

  /// Tells the other ranks that this one cannot begin, and returns the error to throw.
  func refusal(_ error: any Error) -> any Error {
    do {
      try agree(on: error)
      return error
    } catch {
      endsTogether = true
      return shared(error)
    }
  }

  /// Returns the error that a rank throws when all end, which at rank 0 has the sentences of all.
  func shared(_ error: any Error) -> any Error {
    if error is Interrupted || connectionError != nil { return error }
    guard let text = try? sentences(error), ranks.rank == 0, error is OtherRankFailed,
      !text.isEmpty
    else { return error }
    return TrainingError(text)
  }

  /// Takes over what a rank decides itself, and refuses batches of another shape.
  private static func adopt(
    _ own: TrainingConfiguration, _ rank: Int, into shared: inout TrainingConfiguration
  ) throws {
    func shape(_ configuration: TrainingConfiguration) -> String {
      "\(configuration.fragmentsPerBatch) fragments of \(configuration.fragmentSteps) steps of "
        + "\(configuration.environmentsPerActor) environments of \(configuration.environment.id)"
    }
    guard shape(own) == shape(shared) else {
      throw ConfigurationError(
        "rank \(rank) learns from batches of \(shape(own)), and rank 0 of \(shape(shared)): give "
          + "all ranks the same options; only --actors and --buffers may differ.")
    }
    (shared.actorCount, shared.bufferCount) = (own.actorCount, own.bufferCount)
  }

  /// The number of workers of lower ranks.
  var earlierWorkerCount: Int { workerCounts.prefix(ranks.rank).reduce(0, +) }

  /// The release and the checksum of the program's file.
  private static var build: String {
    let sum = (try? SystemCalls.contents(of: "/proc/self/exe")).map {
      Checksum.crc32($0.span)
    }
    return "\(releaseVersion) (\(sum.map { String($0, radix: 16) } ?? "unknown"))"
  }

  /// Waits for all ranks after the last word of the run, and leaves them.
  ///
  /// If the other ranks do not know that this one ends, they are ended with it.
  ///
  /// - Parameter code: the exit code of the run.
  package func leave(code: Int32) {
    guard connectionError == nil, endsTogether, (try? agree()) != nil else {
      ranks.abort(code: code == 0 ? 1 : code)
    }
    ranks.leave()
  }
}
