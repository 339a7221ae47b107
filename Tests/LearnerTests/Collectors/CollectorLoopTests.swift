import Actor
import Rollout
import Testing

@testable import Learner

/// Tests of loops over a collector's batches that end early.
struct CollectorLoopTests {
  /// An environment that fails in its fifth step.
  private struct Broken: Environment {
    struct Failure: Error {}
    private var stepCount = 0

    var observationSpace: Space { .discrete(8) }
    var actionSpace: Space { .discrete(2) }
    var observation: Int { stepCount }

    mutating func reset(using random: inout PCG64) {}

    mutating func step(_ action: Int, using random: inout PCG64) throws -> StepOutcome {
      stepCount += 1
      if stepCount == 5 { throw Failure() }
      return StepOutcome(reward: 0)
    }
  }

  @Test func `an environment that fails ends the loop, behind the last whole batch`() throws {
    try EnvironmentRegistry.shared.register("BreaksInItsFifthStep-v0") { Broken() }
    let rollout = try SameProcess(
      RolloutSetup(
        environment: "BreaksInItsFifthStep-v0", policy: NetworkPolicy(hidden: [4]),
        environmentCount: 1, stepCount: 2, seed: 1))
    #expect(throws: EnvironmentFault.self) {
      for _ in 0..<10 { _ = try rollout.next() }
    }
    #expect(rollout.progress.turns == 2)
  }

  @Test(arguments: [nil, 5])
  func `a loop that publishes no weights is told once`(publishing turn: Int?) throws {
    let core = try CollectorCore(
      Collection.setup(), workerCount: 1, bufferCount: 1, fragmentsPerBatch: 1, schedule: .free,
      resuming: nil)
    var sentences: [String] = []
    core.say = { sentences.append($0) }
    for batch in 1...40 {
      core.publish(nil)
      core.progress.turns += 1
      if batch == turn { core.publish(core.setup.weights) }
      // The first batch is collected with weights that the collector itself has published.
      #expect(sentences.count == (batch > CollectorCore.mostUnpublished && turn == nil ? 1 : 0))
    }
  }

  @Test func `a loop that is left goes on in another one, with the very next batch`() throws {
    let plain = try SameProcess(Collection.setup())
    let expected = try (0..<6).map { _ in BatchDigest(try plain.next()) }

    let rollout: any RolloutCollector = try SameProcess(Collection.setup())
    var digests: [BatchDigest] = []
    for _ in 0..<5 {
      digests.append(BatchDigest(try rollout.next()))
      if digests.count == 2 { break }
    }
    #expect(rollout.progress.turns == 2)
    for _ in 0..<4 { digests.append(BatchDigest(try rollout.next())) }
    #expect(digests == expected)
  }
}
