import Foundation
import Rollout

extension TrainingRun {
  /// Begins or resumes a run as one of several ranks, which all call it.
  ///
  /// Ranks other than rank 0 take the options, the seed and the state to resume from rank 0. Only
  /// the numbers of actors and buffers are their own.
  ///
  /// - Parameters:
  ///   - exchange: the exchange with the other ranks.
  ///   - own: the options of this rank; nil if it resumes a run that only rank 0 knows.
  ///   - former: at rank 0, the state to resume and its directory; nil for a new run.
  ///   - parts: the parts that the program provides itself.
  /// - Throws: at all ranks if it fails at one: the errors of a run alone, at the rank that failed.
  package convenience init(
    _ exchange: UpdateExchange, _ own: TrainingConfiguration?,
    resuming former: (state: RunState, directory: RunDirectory)? = nil,
    parts: TrainingParts = TrainingParts(), isQuiet: Bool = false, showsDashboard: Bool = false,
    workerExecutable: String? = nil
  ) throws {
    let start = try exchange.begin(own, resuming: former)
    let result = Result {
      let former = try start.state.map { state in
        FormerRun(
          state: try state.resumed(byRank: exchange.ranks.rank, of: exchange.ranks.count),
          directory: former?.directory ?? RunDirectory(existing: RunDirectory.defaultParent),
          rankCount: exchange.ranks.count)
      }
      return (former, try former?.state.parts.resuming(with: parts) ?? parts)
    }
    do {
      let (resumed, resumedParts) = try result.get()
      try self.init(
        start.configuration, resumedParts, resuming: resumed, isQuiet: isQuiet,
        showsDashboard: showsDashboard, workerExecutable: workerExecutable, exchange: exchange)
    } catch {
      throw exchange.refusal(error)
    }
    do {
      try exchange.agree(on: isShared(exchange))
      try exchange.compare(setup.weights)
      let path = try exchange.ranks.broadcast([UInt8](directory.path.utf8))
      if exchange.ranks.rank > 0 {
        directory = RunDirectory(
          existing: URL(fileURLWithPath: String(decoding: path, as: UTF8.self)))
      }
    } catch {
      close()
      exchange.endsTogether = true
      throw exchange.shared(error)
    }
    exchange.attend = { [unowned self] in attendWhileWaiting() }
  }

  /// Returns an error if the learner does not make one exchange for each of its updates.
  private func isShared(_ exchange: UpdateExchange) -> ConfigurationError? {
    guard exchange.updateCount != 1 else { return nil }
    return ConfigurationError(
      "--algorithm \(configuration.algorithm.name) does not create exactly one update with "
        + "makeUpdate of its context, which ranks could share: use --ranks off.",
      option: "algorithm")
  }

  /// Learns from the next batch of this rank and those of all others.
  ///
  /// - Throws: at all ranks: an error if a rank failed, `Interrupted` if one was interrupted before
  ///   it had its batch.
  func learn(with exchange: UpdateExchange) throws {
    collector.publish(setup.weights)
    let batch = nextBatch(exchange)
    attendWhileWaiting()
    tell(exchange)
    guard let batch else {
      exchange.leave()
      throw ending(exchange)
    }
    recorder?.receive(batch)
    let outcome = learner.learn(from: batch)
    if exchange.isOver {
      collector.forgetBatch()
      throw ending(exchange)
    }
    let culprit =
      exchange.takeNotFiniteRank()
      ?? exchange.words.firstIndex { $0.contains(.keptOut) }
    try judge(outcome, of: batch, because: culprit)
  }

  /// Returns the next batch; nil if there is none because of an error or a signal.
  ///
  /// After a signal, a batch that is nearly complete is awaited, so that a run can go on exactly.
  private func nextBatch(_ exchange: UpdateExchange) -> FragmentBatch? {
    let began = SystemCalls.monotonicNanoseconds()
    defer { nanosecondsWaited += SystemCalls.monotonicNanoseconds() - began }
    var firstInterrupted: UInt64?
    while exchange.failure == nil {
      do {
        return try collector.next()
      } catch is Interrupted {
        let now = SystemCalls.monotonicNanoseconds()
        firstInterrupted = firstInterrupted ?? now
        // A launcher may kill all ranks a quarter of a second after its signal.
        if now - (firstInterrupted ?? now) > 30_000_000 { return nil }
      } catch {
        exchange.failure = error
      }
    }
    return nil
  }

  /// Sets what the next exchange tells: by the clock of rank 0, what is due.
  private func tell(_ exchange: UpdateExchange) {
    evaluations.tell()
    guard exchange.ranks.rank == 0 else { return }
    exchange.told.subtract([.wantsSave, .wantsEvaluation])
    if saves.isDue(steps: 0, seconds: secondsElapsed) { exchange.told.insert(.wantsSave) }
    if case .seconds = configuration.evaluateEvery, isEvaluationDueHere {
      exchange.told.insert(.wantsEvaluation)
    }
  }

  /// Returns the error by which all ranks end, after a batch that a rank did not have.
  private func ending(_ exchange: UpdateExchange) -> any Error {
    if let error = exchange.connectionError { return error }
    guard exchange.words.contains(where: { $0.contains(.hasFailed) }) else { return Interrupted() }
    exchange.endsTogether = true
    let error = exchange.failure ?? OtherRankFailed()
    exchange.failure = nil
    return saved(
      error, remedy: "resume it with '\(ProgramName.shown) train --resume \(directory.path)'")
  }

  /// Attends to workers and evaluations; an error of theirs is told in the next exchange.
  private func attendWhileWaiting() {
    let now = SystemCalls.monotonicNanoseconds()
    guard let exchange, exchange.failure == nil, now &- lastAttended > 1_000_000 else { return }
    lastAttended = now
    do {
      try collector.attend()
      try evaluations.attend()
    } catch is Interrupted {
      // The signal is told by itself.
    } catch {
      exchange.failure = error
    }
  }
}

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
  fileprivate func begin(
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
  fileprivate func refusal(_ error: any Error) -> any Error {
    do {
      try agree(on: error)
      return error
    } catch {
      endsTogether = true
      return shared(error)
    }
  }

  /// Returns the error that a rank throws when all end, which at rank 0 has the sentences of all.
  fileprivate func shared(_ error: any Error) -> any Error {
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
