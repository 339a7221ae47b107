import Actor
import Learner
import Rollout
import Testing

/// Tests that at equal lag all collectors repeatably collect equal bytes and learn equal weights.
@Suite(.timeLimit(.minutes(10)))
struct CollectorAgreementTests {
  @Test(arguments: [0, 1, 2], [false, true])
  func `no process, one worker, a pool with one worker: the same`(lag: Int, sticky: Bool) throws {
    let processes = try Collection.processes()
    let same = try Collection.train(turns: 8, sticky: sticky) {
      try SameProcess($0, fragmentsPerBatch: 2, lag: lag)
    }
    let single = try Collection.train(turns: 8, sticky: sticky) {
      try MultiWorker.lockstep($0, fragmentsPerBatch: 2, lag: lag, processes: processes)
    }
    let multi = try Collection.train(turns: 8, sticky: sticky) {
      try MultiWorker(
        $0, actorCount: 1, bufferCount: 3, fragmentsPerBatch: 2, lag: lag, processes: processes)
    }
    #expect(same == single)
    #expect(same == multi)
    #expect(same.batches.contains { !$0.finals.isEmpty }, "no episode ended: nothing to compare")
    #expect(same.progress.lagLargest == lag)
    // The first `lag` batches are collected with the first weights, with a lag of 0, 1, …
    let lags = (0..<8).map { min($0, lag) }
    #expect(same.progress.lagSum == 2 * lags.reduce(0, +))
  }

  @Test func `another lag or seed is another run`() throws {
    let plain = try Collection.train(turns: 4) { try SameProcess($0) }
    #expect(try Collection.train(turns: 4) { try SameProcess($0) } == plain)
    let late = try Collection.train(turns: 4) { try SameProcess($0, lag: 1) }
    #expect(late.batches[0] == plain.batches[0] && late.weights != plain.weights)
    let other = try Collection.train(turns: 4, seed: 6) { try SameProcess($0) }
    #expect(other.batches[0] != plain.batches[0])
  }

  /// Returns a collector with four workers and two fragments per update.
  private func pool(
    _ setup: RolloutSetup, _ processes: WorkerProcesses
  ) throws -> any RolloutCollector {
    try MultiWorker(
      setup, actorCount: 4, bufferCount: 8, fragmentsPerBatch: 2, lag: 2, processes: processes)
  }

  @Test func `four workers in turn give one result, interrupted or not`() throws {
    let first = try Collection.train(turns: 12) { try pool($0, Collection.processes()) }
    let second = try Collection.train(turns: 12) { try pool($0, Collection.processes()) }
    #expect(first == second)
    #expect(
      first.batches.flatMap(\.origins).map { $0[0] } == (0..<24).map { UInt64($0 % 4) })
    // Every second wait is interrupted, even within a batch; the next call continues the batch.
    nonisolated(unsafe) var (asked, isStarted) = (0, false)
    let broken = try Collection.train(turns: 12) {
      let rollout = try pool(
        $0,
        Collection.processes {
          guard isStarted else { return false }
          asked += 1
          return asked % 2 == 1
        })
      isStarted = true
      return rollout
    }
    #expect(asked > 0, "the learner never waited")
    #expect(broken == first)
  }
}
