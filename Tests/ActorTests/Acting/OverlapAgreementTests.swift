import Actor
import Rollout
import TestSupport
import Testing

/// Tests that Gymnasium fragments collected whole and in halves have equal bytes.
@Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"), .timeLimit(.minutes(10)))
struct OverlapAgreementTests {
  static let policies: [NetworkPolicy] = [
    NetworkPolicy(hidden: [64, 33], value: .shared),
    NetworkPolicy(hidden: [300], activation: .tanh),
    NetworkPolicy(hidden: [8], recurrent: .lstm, recurrentSize: 17, recurrentLayers: 2),
    NetworkPolicy(
      inputs: [.obs, .act, .rew, .fin, .stepno], hidden: [], recurrent: .gru, recurrentSize: 16,
      value: .separate),
  ]

  /// A collect loop over a Gymnasium environment with its fragment and actor.
  private final class Recording {
    let storage: FragmentStorage
    let actor: PolicyActor
    private let loop: CollectLoop
    private let memory: RunMemory

    init(
      _ id: String, _ policy: NetworkPolicy, wrappers: [Wrapper], sticky: Bool, inHalves: Bool
    ) throws {
      let environments = try EnvironmentConfiguration(
        "gym:\(id)", limit: .steps(13), wrappers: wrappers
      ).makeBatch(streams: (0..<7).map { PCG64(seed: 60 + $0) })
      #expect(environments.parts == [0..<4, 4..<7])
      storage = FragmentStorage(
        FragmentLayout(
          stepCount: 10, environmentCount: 7,
          contents: try PolicySignature(policy, for: environments.spaces)
            .contents(environments.spaces)))
      actor = try Scene.actor(
        storage.layout, policy: policy, parts: inHalves ? environments.parts : nil)
      memory = try RunMemory.singleLine()
      loop = CollectLoop(
        environments: environments, actor: actor, layout: storage.layout, sticky: sticky,
        line: memory.line(0))
      try loop.start()
    }

    /// Returns the bytes of the next fragment, 0 where nothing is written.
    func collect() throws -> [UInt8] {
      let bytes = UnsafeMutableRawBufferPointer(
        start: storage.view.base, count: storage.layout.byteCount)
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      try loop.collect(into: storage.view)
      return Array(bytes)
    }
  }

  private func expectEqual(
    _ id: String, _ policy: NetworkPolicy, wrappers: [Wrapper] = [], sticky: Bool
  ) throws {
    let whole = try Recording(id, policy, wrappers: wrappers, sticky: sticky, inHalves: false)
    let halves = try Recording(id, policy, wrappers: wrappers, sticky: sticky, inHalves: true)
    // The second loop collects in halves. The weights change after every second fragment.
    for fragment in 0..<6 {
      let (one, other) = (try whole.collect(), try halves.collect())
      #expect(one == other, "fragment \(fragment)")
      guard fragment % 2 == 0 else { continue }
      for actor in [whole.actor, halves.actor] {
        for index in 0..<actor.weights.count { actor.weights[index] *= 1.25 }
        actor.weightsChanged()
      }
    }
  }

  @Test(arguments: policies.indices, [false, true])
  func `fragments are the same byte for byte, whole or in halves`(
    policy: Int, sticky: Bool
  ) throws {
    try expectEqual("CartPole-v1", Self.policies[policy], sticky: sticky)
  }

  @Test func `actions that are clipped are the same, whole or in halves`() throws {
    try expectEqual("Pendulum-v1", Self.policies[0], sticky: false)
  }

  @Test func `wrapped fragments are the same, whole or in halves`() throws {
    try expectEqual(
      "CartPole-v1", Self.policies[0],
      wrappers: [.randomNoOps(upTo: 3), .actionRepeat(2), .timeLimit(4), .frameStack(2)],
      sticky: true)
  }

  @Test func `what a fragment has no part for is refused`() async {
    await #expect(processExitsWith: .failure) {
      let layout = Scene.layout(stepCount: 1, environmentCount: 4)
      let actor = try Scene.actor(layout, parts: [0..<2, 2..<4])
      actor.react(to: FragmentStorage(layout).view, at: 0, of: 1..<3, virtual: false)
    }
  }
}
