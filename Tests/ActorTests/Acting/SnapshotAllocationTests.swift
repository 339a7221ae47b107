import Actor
import Glibc
import Rollout
import TestSupport
import Testing

/// Tests that taking and restoring snapshots allocates nothing.
struct SnapshotAllocationTests {
  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `snapshots need no memory`() async {
    await #expect(processExitsWith: .success) {
      let policy = NetworkPolicy(hidden: [5], recurrent: .lstm, recurrentSize: 4)
      let description = RunDescription(
        environment: EnvironmentConfiguration(
          "CartPole-v1", limit: .steps(9),
          wrappers: [.frameStack(2), .randomNoOps(upTo: 3), .timeLimit(5)]),
        environmentCount: 9, stepCount: 4, policy: PolicyRegistry.encode(policy), seed: 1,
        schedule: .free)
      let spaces = try description.environment.spaces()
      let signature = try PolicySignature(policy, for: spaces)
      let layout = FragmentLayout(
        stepCount: 4, environmentCount: 9, contents: signature.contents(spaces))
      let memory = try RunMemory(
        creating: RunLayout(
          workerCount: 1, bufferCount: 1, fragmentByteCount: layout.byteCount,
          weightCount: signature.parameters.elementCount, descriptionByteCount: 0,
          snapshotByteCount: try description.snapshotByteCount(of: policy)), description: [])
      let weights = FlatVector<Float>(repeating: 0, count: memory.layout.weightCount)
      memory.board.publish(version: 1, weights.span)
      memory.line(0).begin(incarnation: 0)
      let producer = try FragmentProducer(
        policy, description, memory: memory, worker: 0, incarnation: 0)
      try producer.start()
      func produce() throws {
        guard memory.pool.claim(buffer: 0, worker: 0, incarnation: 0) else { _exit(2) }
        try producer.produce(into: 0)
        guard memory.pool.take(buffer: 0) else { _exit(3) }
        memory.snapshot(ofWorker: 0).copy(memory.pool.snapshot(of: 0))
        memory.pool.release(0)
      }
      try produce()
      memory.line(0).begin(incarnation: 0, restoresSnapshot: true)
      Exhaustion.exhaustMemory()
      for _ in 0..<500 {
        try produce()
        try producer.start()
      }
      _exit(0)
    }
  }
}
