import Actor
import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

@testable import Learner

/// Tests of `--max-lag`: the number of fragments in circulation, and fragments that are too old.
@Suite(.timeLimit(.minutes(10)))
struct LagLimitTests {
  /// Simulates workers that claim free fragments at random moments and publish them in that order.
  @Test(arguments: [0, 1, 2, 5, 100], [1, 3])
  func `in the order of claims nothing is older, and batches go on`(largest: Int, count: Int) {
    let bufferCount = 9
    var random = PCG64(seed: 7)
    var limit = LagLimit(largest, bufferCount: bufferCount, fragmentsPerBatch: count)
    var free = Set(0..<bufferCount)
    limit.withholdSurplus { free.remove($0) }
    #expect(free.count == min(bufferCount, (largest + 1) * count) && limit.most == free.count)
    // Claimed fragments with the newest version at the time of the claim.
    var claimed: [(buffer: Int, version: Int)] = []
    func claim(upTo most: Int, version: Int) {
      for buffer in free.sorted().prefix(most) {
        free.remove(buffer)
        claimed.append((buffer, version))
      }
    }
    var lags: Set<Int> = []
    for version in 1...200 {
      while let buffer = limit.returned(gathered: 0) { free.insert(buffer) }
      for gathered in 0..<count {
        claim(upTo: random.integer(below: bufferCount + 1), version: version)
        // The learner waits until a worker claims a fragment.
        if claimed.isEmpty { claim(upTo: 1, version: version) }
        guard !claimed.isEmpty else {
          Issue.record("nothing is free and nothing is filled")
          return
        }
        let (buffer, from) = claimed.removeFirst()
        lags.insert(version - from)
        if !limit.withholds(buffer, gathered: gathered + 1) { free.insert(buffer) }
        #expect(free.count + claimed.count <= (largest + 1) * count - gathered - 1)
      }
      // Workers claim further fragments while the learner learns.
      claim(upTo: random.integer(below: bufferCount + 1), version: version)
    }
    #expect(lags.allSatisfy { 0...largest ~= $0 })
    // The limit is reached if there are enough fragments.
    #expect(lags.contains(min(largest, (bufferCount - 1) / count)))
  }

  @Test(arguments: [0, 1, 3])
  func `workers hold to the limit`(largest: Int) throws {
    let setup = try Collection.setup()
    let rollout = try MultiWorker(
      setup, actorCount: 4, bufferCount: 12, fragmentsPerBatch: 2, maximumLag: largest,
      processes: Collection.processes())
    defer { rollout.close() }
    let update = try Collection.update(setup, rollout)
    var lags = Histogram.lags
    for turn in 0..<60 {
      rollout.publish(setup.weights)
      let batch = try rollout.next()
      for header in batch.headers {
        let lag = turn + 1 - Int(header.policyVersion)
        #expect(0...largest ~= lag)
        lags.add(Double(lag))
      }
      update.learn(from: batch.view)
    }
    #expect(rollout.progress.lagLargest <= largest && rollout.progress.fragments == 120)
    #expect(rollout.takeLags() == lags)
    #expect(rollout.takeLags().total == 0)
  }

  @Test func `what was overtaken is dropped, and its worker goes on`() throws {
    // With long fragments, a stopped worker is most likely filling one.
    let setup = try RolloutSetup(
      environment: "CartPole-v1", policy: NetworkPolicy(hidden: [16]), environmentCount: 8,
      stepCount: 1000, seed: 1)
    let rollout = try MultiWorker(
      setup, actorCount: 3, bufferCount: 6, maximumLag: 2, processes: Collection.processes())
    defer { rollout.close() }
    var next: [UInt64] = [0, 0, 0]
    var (skipped, turn) = (0, 0)
    func takeTurn() throws {
      let header = try rollout.next().headers[0]
      turn += 1
      #expect(0...2 ~= turn - Int(header.policyVersion))
      let worker = Int(header.worker)
      skipped += Int(header.index - next[worker])
      next[worker] = header.index + 1
    }
    try takeTurn()
    while rollout.progress.dropped == 0 {
      let pid = rollout.status(ofWorker: 0).pid
      kill(pid, SIGSTOP)
      defer { kill(pid, SIGCONT) }
      for _ in 0..<6 { try takeTurn() }
      kill(pid, SIGCONT)
      for _ in 0..<6 { try takeTurn() }
    }
    // Continue until each dropped fragment is followed by a fragment of its worker in a batch.
    while skipped < rollout.progress.dropped { try takeTurn() }
    #expect(skipped == rollout.progress.dropped)
    #expect(rollout.progress.fragments == turn && rollout.progress.restarts == 0)
  }
}
