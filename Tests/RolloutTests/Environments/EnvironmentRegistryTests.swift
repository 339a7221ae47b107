import Rollout
import Testing

struct EnvironmentRegistryTests {
  // gymnasium 1.4: gymnasium/envs/__init__.py
  @Test(
    arguments: [
      ("CartPole-v0", 200, 195.0, Space.discrete(2)),
      ("CartPole-v1", 500, 475.0, .discrete(2)),
      ("MountainCar-v0", 200, -110.0, .discrete(3)),
      ("MountainCarContinuous-v0", 999, 90.0, .box(shape: [1], low: -1, high: 1)),
      ("Acrobot-v1", 500, -100.0, .discrete(3)),
      ("Pendulum-v1", 200, nil, .box(shape: [1], low: -2, high: 2)),
    ] as [(String, Int, Double?, Space)])
  func `the built-in environments are Gymnasium's`(
    id: String, limit: Int, threshold: Double?, action: Space
  ) throws {
    let specification = try EnvironmentRegistry().environment(id)
    #expect(specification.id == id)
    #expect(specification.maximumEpisodeSteps == limit)
    #expect(specification.rewardThreshold == threshold)
    #expect(try specification.spaces.action == action)
    let batch = try EnvironmentConfiguration(id).makeBatch(streams: [PCG64(seed: 0)])
    #expect(try specification.spaces == batch.spaces)
  }

  @Test func `an unknown environment is answered with what there is`() {
    let error = #expect(throws: UnknownEnvironment.self) {
      try EnvironmentRegistry().environment("CartPole")
    }
    #expect(
      error?.description
        == "there is no environment 'CartPole'; there are CartPole-v0, CartPole-v1, "
        + "CartPoleNoVel-v1, MountainCar-v0, MountainCarContinuous-v0, Acrobot-v1, Pendulum-v1, "
        + "Corridor-v0, Cube2x2-v0, gym:ID for those of Gymnasium, and mujoco:ID for those of "
        + "MuJoCo."
        + " Did you mean 'CartPole-v0'?")
  }

  @Test func `an id is taken once`() throws {
    let registry = EnvironmentRegistry()
    try registry.register("Single-v0") { Counter(length: 3) }
    #expect(registry.ids.suffix(1) == ["Single-v0"])
    let error = #expect(throws: DuplicateEnvironment.self) {
      try registry.register("Single-v0") { CartPole() }
    }
    #expect(
      error?.description
        == "an environment named 'Single-v0' is registered already: choose another name or version"
    )
    // Other tests register environments in the shared registry, none of this name.
    #expect(!EnvironmentRegistry.shared.ids.contains("Single-v0"))
  }

  @Test(arguments: [
    (EpisodeLimit.registered, 4), (EpisodeLimit.steps(2), 2), (EpisodeLimit.unlimited, 7),
  ])
  func `the limit is the registered one or another`(limit: EpisodeLimit, length: Int) throws {
    let registry = EnvironmentRegistry()
    try registry.register("Counter-v0", maximumEpisodeSteps: 4) { Counter(length: 7) }
    let stage = Stage(
      try EnvironmentConfiguration("Counter-v0", limit: limit)
        .makeBatch(streams: [PCG64(seed: 0)], in: registry), stepCount: 8)
    try stage.reset()
    try stage.collect()
    #expect(stage.column(stage.fragment.fin).dropFirst().firstIndex(of: true) == length)
    #expect(stage.fragment.truncated[length - 1, 0] == (length < 7))
    #expect(stage.fragment.terminated[length - 1, 0] == (length == 7))
  }

  @Test func `registering from many threads loses nothing`() async {
    let registry = EnvironmentRegistry()
    let accepted = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<200 {
        group.addTask {
          do {
            try registry.register("Counter-v\(number % 100)") { Counter(length: 1) }
            return true
          } catch {
            return false
          }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(accepted == 100)
    #expect(registry.ids.count == EnvironmentRegistry().ids.count + 100)
  }

  @Test func `a batch may come from elsewhere`() throws {
    let registry = EnvironmentRegistry()
    try registry.register(
      RegisteredEnvironment(
        id: "Elsewhere-v0", summary: "", maximumEpisodeSteps: 5,
        spaces: { _ in EnvironmentSpaces(of: Counter(length: 1)) },
        makeBatch: { arguments, streams, _ in
          #expect(arguments.maximumEpisodeSteps == 5)
          return try NativeEnvironmentBatch(streams: streams) { _ in Counter(length: 1) }
        }))
    let streams = RandomStreams(seed: 0, worker: 0, incarnation: 0)
    let batch = try EnvironmentConfiguration("Elsewhere-v0")
      .makeBatch(count: 3, streams: streams, in: registry)
    #expect(batch.count == 3)
  }

  @Test func `an error on making an environment arrives`() throws {
    let registry = EnvironmentRegistry()
    @Sendable func broken() throws -> Counter { throw Counter.Broken(description: "no file") }
    try registry.register("Broken-v0") { try broken() }
    #expect(throws: Counter.Broken.self) {
      try EnvironmentConfiguration("Broken-v0").makeBatch(streams: [PCG64(seed: 0)], in: registry)
    }
    #expect(throws: Counter.Broken.self) { try registry.environment("Broken-v0").spaces }
  }
}
