import Actor
import Foundation
import Glibc
import Learner
import Rollout
import TestSupport
import Testing

/// Tests that replaced workers repeat the lost work exactly, or begin new episodes if they cannot.
@Suite(.timeLimit(.minutes(10)))
struct ReplacedWorkerTests {
  private static let workerCount = 4

  /// Runs twelve deterministic updates; `victim` returns the worker to kill before each.
  private func train(
    recurrent: Bool, lag: Int, killing victim: (Int) -> Int?
  ) throws -> (batches: [BatchDigest], weights: [Float], progress: CollectorProgress) {
    let setup = try RolloutSetup(
      environment: EnvironmentConfiguration(
        "CartPole-v1", limit: .steps(30), wrappers: [.frameStack(2), .randomNoOps(upTo: 3)]),
      policy: recurrent
        ? NetworkPolicy(hidden: [], recurrent: .gru, recurrentSize: 5)
        : NetworkPolicy(hidden: [8]),
      environmentCount: 3, stepCount: 10, seed: 8)
    let rollout = try MultiWorker(
      setup, actorCount: Self.workerCount, bufferCount: 8, fragmentsPerBatch: 2, lag: lag,
      processes: Collection.processes())
    defer { rollout.close() }
    let update = try Collection.update(setup, rollout)
    var batches: [BatchDigest] = []
    for turn in 0..<12 {
      if let worker = victim(turn) {
        let pid = rollout.status(ofWorker: worker).pid
        kill(pid, SIGKILL)
        while ProcessTable.isRunning(pid) { usleep(1000) }
      }
      rollout.publish(setup.weights)
      let batch = try rollout.next()
      var digest = BatchDigest(batch)
      // The incarnation is not compared.
      for index in digest.origins.indices { digest.origins[index].remove(at: 1) }
      batches.append(digest)
      update.learn(from: batch.view)
    }
    return (batches, setup.weights.elements, try #require(rollout.state).progress)
  }

  @Test(arguments: [false, true], [0, 2])
  func `a killed worker leaves no trace in what is collected`(recurrent: Bool, lag: Int) throws {
    let whole = try train(recurrent: recurrent, lag: lag) { _ in nil }
    #expect(whole.progress.restarts == 0 && whole.progress.episodes > 10)
    // One worker dies before its first fragment, the others at arbitrary moments. After the last
    // death the run needs more fragments of that worker than its two buffers can already hold, so
    // every death is noticed.
    var killed = try train(recurrent: recurrent, lag: lag) { [0: 2, 2: 0, 4: 3, 6: 1][$0] }
    #expect(killed.progress.restarts == 4)
    killed.progress.restarts = 0
    #expect(killed.progress == whole.progress)
    #expect(killed.batches == whole.batches)
    #expect(killed.weights == whole.weights)
  }

  @Test func `what cannot be saved begins anew, with other streams`() throws {
    let id = "Unsaved-v0"
    try EnvironmentRegistry.shared.register(id) { Unsaved() }
    let setup = try RolloutSetup(
      environment: EnvironmentConfiguration(id), policy: NetworkPolicy(hidden: [4]),
      environmentCount: 2,
      stepCount: 5,
      seed: 3)
    let first = try SameProcess(setup)
    for _ in 0..<3 { _ = try first.next() }
    let state = try #require(first.state)
    #expect(state.workers[0].snapshot.isEmpty && state.workers[0].nextFragment == 3)
    let second = try SameProcess(setup, resuming: state)
    let batch = try second.next()
    #expect(batch.view.fin[0, 0] && batch.view.stepno[0, 1] == 0)
    let header = batch.headers[0]
    #expect(header.index == 3 && header.incarnation == 1 && header.policyVersion == 4)
    let fresh = try SameProcess(setup).next()
    let (one, other) = (batch.view.obs(as: Float.self), fresh.view.obs(as: Float.self))
    #expect(one.elements != other.elements)
    #expect(second.progress.turns == 4 && second.progress.collectedSteps == 40)
  }

  @Test func `a state that does not fit is refused in a sentence`() throws {
    let setup = try Collection.setup()
    let rollout = try SameProcess(setup, fragmentsPerBatch: 2, lag: 2)
    for _ in 0..<4 { _ = try rollout.next() }
    let state = try #require(rollout.state)
    #expect(state.earlierWeights.count == 2)
    func sentence(
      lag: Int = 2, _ change: (inout CollectorState) -> Void
    ) throws -> String {
      var changed = state
      change(&changed)
      let error = try #require(throws: CollectorStateError.self) {
        try SameProcess(setup, fragmentsPerBatch: 2, lag: lag, resuming: changed)
      }
      return error.description
    }
    #expect(try sentence(lag: 1) { _ in }.contains("the state has the schedule"))
    #expect(
      try sentence { $0.workers.append(WorkerState()) }
        == "the state has 2 workers, and the run has 1")
    let bytes = state.workers[0].snapshot.count
    #expect(
      try sentence { $0.workers[0].snapshot.append(0) }
        .contains("snapshots of \(bytes + 1) bytes"))
    #expect(
      try sentence { $0.earlierWeights.removeLast() }
        .contains("1 earlier versions of \(setup.weights.count) weights, and the run needs 2 of"))
    #expect(
      try sentence { $0.earlierWeights[1] = [] }.contains("needs 2 of \(setup.weights.count)"))
  }
}

/// An environment with state behind a reference, which cannot be saved.
private struct Unsaved: Environment {
  var seen: [Float] = [0]

  var observationSpace: Space { .box(shape: [1], low: 0, high: 1) }
  var actionSpace: Space { .discrete(2) }
  var observation: [Float] { seen }

  mutating func reset(using random: inout PCG64) { seen = [random.nextFloat()] }
  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    seen = [random.nextFloat()]
    return StepOutcome(reward: 1)
  }
}
