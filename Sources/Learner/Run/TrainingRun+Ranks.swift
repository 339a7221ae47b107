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

  /// Returns an error if the learner has no update that the ranks share.
  private func isShared(_ exchange: UpdateExchange) -> ConfigurationError? {
    guard exchange.updateCount == 0 else { return nil }
    return ConfigurationError(
      "--algorithm \(configuration.algorithm.name) creates no update with makeUpdate of its "
        + "context, which ranks could share: use --ranks off.",
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

  /// The end by a signal to this process, or to any rank; nil if there was none.
  var interruption: TrainingSummary.Ending? {
    let signal =
      if let exchange { exchange.signal } else { Interruption.requested }
    return signal.map { .interrupted(signal: $0) }
  }
}
