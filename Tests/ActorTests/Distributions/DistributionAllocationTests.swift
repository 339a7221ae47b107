import Actor
import Glibc
import Rollout
import TestSupport
import Testing

/// Tests that drawing actions of any kind allocates nothing.
@Suite(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
struct DistributionAllocationTests {
  /// Returns an actor for an action space, run once.
  static func actor(
    _ space: Space, _ policy: some Policy = NetworkPolicy(hidden: [5])
  ) throws -> (PolicyActor, FragmentView) {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [3], low: -1, high: 1), action: space)
    let layout = FragmentLayout(
      stepCount: 2, environmentCount: 7,
      contents: try PolicySignature(policy, for: spaces).contents(spaces))
    let fragment = FragmentStorage(layout).view
    let actor = try Scene.actor(layout, policy: policy)
    actor.react(to: fragment, at: 0, virtual: false)
    return (actor, fragment)
  }

  /// Reacts a thousand times with no memory left.
  static func exhaust(
    _ space: Space, _ policy: some Policy = NetworkPolicy(hidden: [5])
  ) throws {
    let (actor, fragment) = try actor(space, policy)
    Exhaustion.exhaustMemory()
    for _ in 0..<1000 {
      actor.weightsChanged()
      for t in 0..<3 { actor.react(to: fragment, at: t, virtual: t == 2) }
    }
    _exit(0)
  }

  @Test func `several choices need no memory`() async {
    await #expect(processExitsWith: .success) {
      try DistributionAllocationTests.exhaust(.multiDiscrete([2, 3, 20]))
    }
  }

  @Test func `yes-or-no choices need no memory`() async {
    await #expect(processExitsWith: .success) {
      try DistributionAllocationTests.exhaust(.multiBinary(5))
    }
  }

  @Test func `a composition of everything needs no memory`() async {
    await #expect(processExitsWith: .success) {
      try DistributionAllocationTests.exhaust(CompositeDistributionTests.space)
    }
  }

  @Test func `squashed and clipped actions need no memory`() async {
    await #expect(processExitsWith: .success) {
      try DistributionAllocationTests.exhaust(
        .box(shape: [3], low: -1, high: 1), TwinCriticPolicy(NetworkPolicy(hidden: [5])))
    }
    await #expect(processExitsWith: .success) {
      try DistributionAllocationTests.exhaust(
        .box(shape: [3], low: -1, high: 1),
        TwinCriticPolicy(NetworkPolicy(hidden: [5]), actor: .deterministic))
    }
  }
}
