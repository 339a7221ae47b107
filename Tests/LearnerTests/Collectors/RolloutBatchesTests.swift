import Glibc
import Rollout
import TestSupport
import Testing

@testable import Actor
@testable import Learner

/// Tests of a collector's batches as a sequence.
@Suite(.timeLimit(.minutes(10)))
struct RolloutBatchesTests {
  /// A collector that returns the same batch every time, or fails after some calls.
  private final class Endless: RolloutCollector {
    struct Failure: Error, Equatable { var turn: Int }

    private let batch: FragmentBatch
    private let failingTurn: Int
    private(set) var progress = CollectorProgress()

    init(failingTurn: Int = .max) throws {
      batch = FragmentBatch(1, of: try Collection.setup().layout)
      self.failingTurn = failingTurn
    }

    var batchLayout: FragmentLayout { batch.layout }

    func publish(_ weights: FlatVector<Float>) {}

    func next() throws -> FragmentBatch {
      guard progress.turns < failingTurn else { throw Failure(turn: progress.turns) }
      progress.turns += 1
      return batch
    }

    func takeEpisodes(_ body: (EpisodeRecord) -> Void) {}
    func close() {}
  }

  @Test func `a loop takes as many batches as it asks for`() async throws {
    for count in [0, 1, 7] {
      let rollout = try Endless()
      var turns = 0
      for try await batch in rollout.batches(count) {
        turns += 1
        #expect(batch.layout === rollout.batchLayout)
      }
      #expect(turns == count && rollout.progress.turns == count)
    }
  }

  @Test func `an error of the collector leaves the loop where it occurs`() async throws {
    let rollout = try Endless(failingTurn: 3)
    var turns = 0
    let error = await #expect(throws: Endless.Failure.self) {
      for try await _ in rollout.batches(10) { turns += 1 }
    }
    #expect(error == Endless.Failure(turn: 3) && turns == 3)
  }

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

  @Test func `an environment that fails ends the loop, behind the last whole batch`() async throws {
    try EnvironmentRegistry.shared.register("BreaksInItsFifthStep-v0") { Broken() }
    let rollout = try SameProcess(
      RolloutSetup(
        environment: "BreaksInItsFifthStep-v0", policy: NetworkPolicy(hidden: [4]),
        environmentCount: 1, stepCount: 2, seed: 1))
    await #expect(throws: EnvironmentFault.self) {
      for try await _ in rollout.batches(10) {}
    }
    #expect(rollout.progress.turns == 2)
  }

  @Test func `a loop that is left goes on in another one, with the very next batch`() async throws {
    let plain = try SameProcess(Collection.setup())
    let expected = try (0..<6).map { _ in BatchDigest(try plain.next()) }

    let rollout: any RolloutCollector = try SameProcess(Collection.setup())
    var digests: [BatchDigest] = []
    for try await batch in rollout.batches(5) {
      digests.append(BatchDigest(batch))
      if digests.count == 2 { break }
    }
    #expect(rollout.progress.turns == 2)
    for try await batch in rollout.batches(3) { digests.append(BatchDigest(batch)) }
    for try await batch in rollout.batches() {
      digests.append(BatchDigest(batch))
      break
    }
    #expect(digests == expected)
  }

  @Test func `a canceled task's loop ends with an error`() async throws {
    let task = Task {
      let rollout = try Endless()
      for try await _ in rollout.batches() {
        if rollout.progress.turns == 3 { withUnsafeCurrentTask { $0?.cancel() } }
        guard rollout.progress.turns < 100 else { return }
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test @MainActor func `a loop on the main actor stays there`() async throws {
    let rollout = try Endless()
    for try await _ in rollout.batches(3) { MainActor.preconditionIsolated() }
    #expect(rollout.progress.turns == 3)
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `a thousand batches need no memory`() async {
    await #expect(processExitsWith: .success) {
      let rollout = try Endless()
      var turns = 0
      for try await _ in rollout.batches(1001) {
        if turns == 0 { Exhaustion.exhaustMemory() }
        turns += 1
      }
      _exit(turns == 1001 ? 0 : 1)
    }
  }
}
