import Actor
import Foundation
import Learner
import Rollout
import TestSupport
import Testing

/// Tests that a collector resumed from a state after N batches continues with equal bytes.
@Suite(.timeLimit(.minutes(10)))
struct ResumingTests {
  /// An environment with wrappers and a policy.
  struct Case: Sendable, CustomTestStringConvertible {
    var environment = "CartPole-v1"
    var wrappers: [String] = []
    var policy = NetworkPolicy(hidden: [8])
    var sticky = false

    var testDescription: String {
      "\(environment) \(wrappers) \(policy.recurrent)\(sticky ? " sticky" : "")"
    }

    func setup() throws -> RolloutSetup {
      try RolloutSetup(
        environment: EnvironmentConfiguration(
          environment, limit: .steps(30), wrappers: wrappers.map { try Wrapper(parsing: $0) }),
        policy: policy, environmentCount: 4, stepCount: 12, sticky: sticky, seed: 5)
    }
  }

  static let cases = [
    Case(), Case(sticky: true),
    Case(policy: NetworkPolicy(hidden: [], recurrent: .lstm, recurrentSize: 5, value: .shared)),
    Case(wrappers: ["frame-stack=3", "random-noops=5", "time-limit=9"]),
    Case(environment: "CartPoleNoVel-v1"), Case(environment: "Cube2x2-v0", sticky: true),
  ]

  enum Way: CaseIterable {
    case same, single, multi

    func collector(
      _ setup: RolloutSetup, lag: Int, _ state: CollectorState?
    ) throws -> any RolloutCollector {
      let processes = try Collection.processes()
      return switch self {
      case .same:
        try SameProcess(setup, fragmentsPerBatch: 2, lag: lag, resuming: state)
      case .single:
        try MultiWorker.lockstep(
          setup, fragmentsPerBatch: 2, lag: lag, processes: processes, resuming: state)
      case .multi:
        try MultiWorker(
          setup, actorCount: 3, bufferCount: 6, fragmentsPerBatch: 2, lag: lag,
          processes: processes, resuming: state)
      }
    }
  }

  /// The batches, weights and progress of a run, and the number of reported episodes.
  private struct Outcome: Equatable {
    var batches: [BatchDigest] = []
    var weights: [Float] = []
    var progress = CollectorProgress()
    var episodes = 0
  }

  /// Trains in parts, each with a new collector that resumes from the previous one's state.
  private func train(
    _ this: Case, parts: [Int],
    _ make: (RolloutSetup, CollectorState?) throws -> any RolloutCollector
  ) throws -> Outcome {
    let setup = try this.setup()
    var outcome = Outcome()
    var update: PolicyUpdate?
    var state: CollectorState?
    for turns in parts {
      let rollout = try make(setup, state)
      defer { rollout.close() }
      // The optimizer is kept. It is not part of a collector's state.
      let learner = try update ?? Collection.update(setup, rollout)
      update = learner
      for _ in 0..<turns {
        rollout.publish(setup.weights)
        let batch = try rollout.next()
        outcome.batches.append(BatchDigest(batch))
        learner.learn(from: batch.view)
        rollout.takeEpisodes { _ in outcome.episodes += 1 }
      }
      outcome.progress = rollout.progress
      // The state is encoded as text and decoded, as for a checkpoint.
      let text = try JSONEncoder().encode(try #require(rollout.state))
      state = try JSONDecoder().decode(CollectorState.self, from: text)
    }
    outcome.weights = setup.weights.elements
    let counted = try #require(state).progress
    #expect(counted.turns == outcome.batches.count)
    #expect(counted.collectedSteps == counted.steps)
    #expect(counted.episodes <= outcome.progress.episodes)
    // The work that workers have done ahead depends on timing.
    outcome.progress.collectedSteps = 0
    outcome.progress.episodes = counted.episodes
    return outcome
  }

  @Test(arguments: cases, [0, 1, 3])
  func `in the learner's process, from any turn on`(this: Case, lag: Int) throws {
    let whole = try train(this, parts: [8]) { try Way.same.collector($0, lag: lag, $1) }
    for parts in [[1, 7], [4, 4], [3, 1, 4], [7, 1]] {
      let resumed = try train(this, parts: parts) { try Way.same.collector($0, lag: lag, $1) }
      #expect(resumed == whole, "\(parts)")
    }
    #expect(whole.batches.contains { !$0.finals.isEmpty }, "no episode ended: nothing to compare")
  }

  @Test(arguments: [Way.single, .multi], [0, 1, 3])
  func `in workers by schedule, from any turn on`(way: Way, lag: Int) throws {
    for this in [Self.cases[0], Self.cases[2], Self.cases[3]] {
      var whole = try train(this, parts: [8]) { try way.collector($0, lag: lag, $1) }
      for parts in [[3, 5], [4, 1, 3]] {
        var resumed = try train(this, parts: parts) { try way.collector($0, lag: lag, $1) }
        // Episodes that workers have finished ahead may be reported or not.
        (resumed.episodes, whole.episodes) = (0, 0)
        #expect(resumed == whole, "\(this.testDescription), \(parts)")
      }
    }
  }

  @Test func `one collector goes on from another's state`() throws {
    let whole = try train(Case(), parts: [9]) { try Way.same.collector($0, lag: 1, $1) }
    var ways: [Way] = [.single, .same, .single]
    var mixed = try train(Case(), parts: [3, 3, 3]) {
      try ways.removeFirst().collector($0, lag: 1, $1)
    }
    mixed.episodes = whole.episodes
    #expect(mixed == whole)
  }

  @Test func `a turn that was broken off is not in the state`() throws {
    nonisolated(unsafe) var (asked, isStarted) = (0, false)
    let setup = try Case().setup()
    let rollout = try MultiWorker(
      setup, actorCount: 4, bufferCount: 8, fragmentsPerBatch: 4, lag: 1,
      processes: Collection.processes {
        asked += 1
        return isStarted
      })
    isStarted = true
    defer { rollout.close() }
    var states: [Int: CollectorState] = [:]
    var (turns, brokenHalfway) = (0, 0)
    // Fragments that arrive together break no turn, which on a busy machine may last.
    while turns < 40 || (brokenHalfway == 0 && turns < 4000) {
      do {
        _ = try rollout.next()
        turns += 1
      } catch is Interrupted {
        if rollout.progress.fragments % 4 != 0 { brokenHalfway += 1 }
      }
      var state = try #require(rollout.state)
      #expect(state.progress.turns == turns && state.progress.fragments == 4 * turns)
      // Further episodes may have been reported to the learner meanwhile.
      for worker in 0..<4 { state.workers[worker].episodesTaken = 0 }
      if turns > 0 { #expect(state.workers.allSatisfy { $0.nextFragment == turns }) }
      #expect(states[turns] ?? state == state)
      states[turns] = state
    }
    #expect(asked > 0 && brokenHalfway > 0)
  }

  @Test func `asynchronous workers go on with their episodes`() throws {
    let setup = try Case().setup()
    func collector(_ state: CollectorState?) throws -> MultiWorker {
      try MultiWorker(
        setup, actorCount: 3, bufferCount: 6, fragmentsPerBatch: 2,
        processes: Collection.processes(), resuming: state)
    }
    let first = try collector(nil)
    for _ in 0..<9 { _ = try first.next() }
    let state = try #require(first.state)
    first.close()
    #expect(state.earlierWeights.isEmpty && state.progress.fragments == 18)
    #expect(state.progress.collectedSteps == 18 * 12 * 4)
    let second = try collector(state)
    defer { second.close() }
    var next = state.workers.map(\.nextFragment)
    for _ in 0..<9 {
      let batch = try second.next()
      for (position, header) in batch.headers.enumerated() {
        let worker = Int(header.worker)
        #expect(header.index == next[worker] && header.incarnation == 0)
        if header.index == state.workers[worker].nextFragment, header.index > 0 {
          // An environment within an episode has no `fin` in its first row.
          #expect((0..<4).contains { !batch.view.fin[0, 4 * position + $0] })
        }
        #expect(header.policyVersion >= 10)
        next[worker] += 1
      }
    }
    #expect(second.progress.turns == 18)
  }
}
