import Actor
import Learner
import Rollout
import Testing

/// Tests of a collect loop over environment instances against the collector of a registered one.
struct OwnLoopTests {
  private static let streams = RandomStreams(seed: 6, worker: 0, incarnation: 0)

  /// Returns the checksum of every number that a fragment records.
  ///
  /// Final observations and the reactions to them are undefined where no episode ended.
  private func recorded(_ fragment: FragmentView) -> [Int] {
    let (layout, bytes) = (fragment.layout, fragment.bytes)
    let finals = layout.finalObs.leaves + layout.finalReaction.leaves
    return layout.columns.map { column in
      var hasher = Hasher()
      for row in 0..<column.rowCount {
        for environment in 0..<layout.environmentCount {
          if layout.finalReaction.leaves.contains(column) {
            guard fragment.truncated[row, environment] else { continue }
          } else if finals.contains(column) {
            guard
              fragment.truncated[row, environment] || fragment.terminated[row, environment]
            else { continue }
          }
          let start = column.offset(row: row, environment: environment)
          hasher.combine(bytes[start..<start + column.environmentStride].map(\.self))
        }
      }
      return hasher.finalize()
    }
  }

  /// Collects from both with the same weights, which change after each fragment.
  private func compare(
    _ environment: EnvironmentConfiguration, _ environments: any EnvironmentBatch,
    _ policy: NetworkPolicy, sticky: Bool = false
  ) throws {
    let setup = try RolloutSetup(
      environment: environment, policy: policy, environmentCount: environments.count,
      stepCount: 30, sticky: sticky, seed: 6)
    let rollout = try SameProcess(setup)
    defer { rollout.close() }

    let signature = try PolicySignature(policy, for: environments.spaces)
    var contents = signature.contents(environments.spaces)
    contents.mayWait = sticky
    let layout = FragmentLayout(
      stepCount: 30, environmentCount: environments.count, contents: contents)
    let weights = signature.initialWeights(seed: 6)
    let actor = try PolicyActor(
      policy, layout: layout, weights: weights,
      streams: (0..<environments.count).map(Self.streams.action))
    let buffer = FragmentStorage(layout)
    let loop = CollectLoop(
      environments: environments, actor: actor, layout: layout, sticky: sticky)
    try loop.start()
    var ends = 0
    for _ in 0..<6 {
      let batch = try rollout.next().view
      try loop.collect(into: buffer.view)
      #expect(recorded(buffer.view) == recorded(batch))
      var (expected, seen): ([EpisodeRecord], [EpisodeRecord]) = ([], [])
      rollout.takeEpisodes { expected.append($0) }
      loop.takeEpisodes { seen.append($0) }
      #expect(seen == expected)
      ends += seen.count
      for index in 0..<weights.count { weights[index] *= 1.05 }
      actor.weightsChanged()
      rollout.publish(weights)
    }
    #expect(ends > 6)
  }

  private var environmentStreams: [PCG64] { (0..<5).map(Self.streams.environment) }

  @Test(arguments: [false, true])
  func `instances are stepped as registered environments are`(sticky: Bool) throws {
    let instances = try (0..<5).map { _ in try Corridor(size: 7) }
    try compare(
      EnvironmentConfiguration("Corridor-v0", arguments: "size=7", limit: .steps(20)),
      Corridor.batch(streams: environmentStreams, stepLimit: 20) { instances[$0] },
      NetworkPolicy(
        inputs: [.obs, .act, .rew], hidden: [6], recurrent: .gru, recurrentSize: 5,
        value: .shared),
      sticky: sticky)
    try compare(
      EnvironmentConfiguration("CartPole-v1", limit: .steps(25), wrappers: [.frameStack(2)]),
      CartPole.batch(
        streams: environmentStreams, stepLimit: 25, wrappers: [.frameStack(2)],
        make: { _ in CartPole() }),
      NetworkPolicy(hidden: [8], value: .separate), sticky: sticky)
  }

  @Test(arguments: [ActionBounds.scale, .clip])
  func `actions are played within their bounds`(bounds: ActionBounds) throws {
    try compare(
      EnvironmentConfiguration("Pendulum-v1", limit: .steps(40), actionBounds: bounds),
      Pendulum.batch(
        streams: environmentStreams, wrappers: [.timeLimit(40)], actionBounds: bounds,
        make: { _ in Pendulum() }),
      NetworkPolicy(hidden: [8], value: .shared))
  }

  @Test func `a fragment or an actor of another layout is refused`() async {
    await #expect(processExitsWith: .failure) {
      let environments = try CartPole.batch(streams: [PCG64(seed: 1)]) { _ in CartPole() }
      let signature = try PolicySignature(NetworkPolicy(), for: environments.spaces)
      let contents = signature.contents(environments.spaces)
      let layout = FragmentLayout(stepCount: 5, environmentCount: 1, contents: contents)
      let actor = try PolicyActor(NetworkPolicy(), layout: layout, streams: [PCG64(seed: 2)])
      let loop = CollectLoop(environments: environments, actor: actor, layout: layout)
      try loop.start()
      let shorter = FragmentLayout(stepCount: 4, environmentCount: 1, contents: contents)
      try loop.collect(into: FragmentStorage(shorter).view)
    }
  }
}
