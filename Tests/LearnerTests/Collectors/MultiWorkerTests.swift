import Actor
import Foundation
import Glibc
import Learner
import Rollout
import Testing

/// Tests that batches of asynchronous workers are complete, in any order of fragments.
///
/// The headers of fragments have to be correct.
@Suite(.timeLimit(.minutes(10)))
struct MultiWorkerTests {
  private static let turns = 60

  /// Returns a description of the first inconsistent row of a batch, or nil.
  private func firstFault(_ batch: FragmentBatch) -> String? {
    let (view, layout) = (batch.view, batch.layout)
    let act = view.act(as: Int32.self)
    guard let logits = view.actor("logits") else { return "no logits" }
    for b in 0..<layout.environmentCount {
      for t in 0...layout.stepCount {
        let at = "row \(t), environment \(b)"
        let total = (0..<2).reduce(0) { $0 + exp(Double(logits[t, b, $1])) }
        // Two probabilities, each with an error of 1e-7.
        if abs(total - 1) > 1e-6 { return "\(at): probabilities add up to \(total)" }
        if !(0..<2).contains(act[t, b]) { return "\(at): action \(act[t, b])" }
        if view.fin[t, b] != (view.stepno[t, b] == 0) { return "\(at): end and step disagree" }
        guard t > 0 else { continue }
        if view.rew[t, b] != 1 { return "\(at): reward \(view.rew[t, b])" }
        let ended = view.terminated[t - 1, b] || view.truncated[t - 1, b]
        if ended != view.fin[t, b] { return "\(at): end and its reason disagree" }
        if !ended, view.stepno[t, b] != view.stepno[t - 1, b] + 1 { return "\(at): a step is lost" }
        if view.truncated[t - 1, b], view.stepno[t - 1, b] != 29 { return "\(at): cut too early" }
      }
    }
    return nil
  }

  /// Returns the state in one row of one fragment of a batch.
  private func state(_ batch: FragmentBatch, _ position: Int, row: Int) -> [UInt8] {
    batch.layout.stateColumns.flatMap { column in
      let count = column.rowStride / batch.fragmentCount
      return Array(
        UnsafeRawBufferPointer(
          start: batch.view.base + column.offset(row: row) + position * count, count: count))
    }
  }

  @Test func `a worker that is woken displaces nobody, and the learner may`() throws {
    let setup = try Collection.setup()
    let policy = sched_getscheduler(0)
    let rollout = try MultiWorker(
      setup, actorCount: 1, bufferCount: 4, fragmentsPerBatch: 2,
      processes: Collection.processes())
    defer { rollout.close() }
    rollout.publish(setup.weights)
    _ = try rollout.next()
    // SCHED_BATCH is 3; another policy than the default one is kept.
    let expected = policy == SCHED_OTHER ? 3 : policy
    #expect(sched_getscheduler(rollout.status(ofWorker: 0).pid) == expected)
    #expect(sched_getscheduler(0) == policy)
  }

  @Test func `batches are whole, versions exist, lag is counted, workers' rows go on`() throws {
    let setup = try Collection.setup()
    let rollout = try MultiWorker(
      setup, actorCount: 4, bufferCount: 6, fragmentsPerBatch: 2,
      processes: Collection.processes())
    defer { rollout.close() }
    let update = try Collection.update(setup, rollout)
    var lags: [Int] = []
    var next = Array(repeating: UInt64(0), count: 4)
    var last: [Int: [UInt8]] = [:]
    for turn in 0..<Self.turns {
      rollout.publish(setup.weights)
      let batch = try rollout.next()
      let fault = firstFault(batch)
      #expect(fault == nil, "turn \(turn): \(fault ?? "")")
      for (position, header) in batch.headers.enumerated() {
        let worker = Int(header.worker)
        try #require(worker < 4 && header.incarnation == 0)
        #expect(header.index == next[worker], "worker \(worker) skipped or repeated a fragment")
        next[worker] = header.index + 1
        #expect(header.collectNanoseconds > 0)
        // Iteration `turn` of this loop learns with version turn + 1.
        let newest = UInt64(turn + 1)
        try #require((1...newest).contains(header.policyVersion))
        lags.append(Int(newest - header.policyVersion))
        let first = state(batch, position, row: 0)
        #expect(last[worker] ?? first == first, "worker \(worker) does not go on where it was")
        last[worker] = state(batch, position, row: 12)
      }
      update.learn(from: batch.view)
    }
    let progress = rollout.progress
    #expect(progress.turns == Self.turns && progress.fragments == 2 * Self.turns)
    #expect(progress.steps == Self.turns * 2 * 12 * 4)
    #expect(progress.collectedSteps >= progress.steps)
    #expect(progress.lagSum == lags.reduce(0, +))
    #expect(progress.lagLargest == lags.max())
    #expect(progress.restarts == 0)
    var episodes = 0
    rollout.takeEpisodes {
      episodes += 1
      #expect($0.episodeReturn == Float($0.length) && (1...30).contains($0.length))
    }
    #expect(episodes > 0 && episodes <= rollout.progress.episodes)
  }

  @Test func `closing twice is harmless`() throws {
    let rollout = try MultiWorker(
      try Collection.setup(), actorCount: 1, bufferCount: 2, processes: Collection.processes())
    _ = try rollout.next()
    rollout.close()
    rollout.close()
  }
}
