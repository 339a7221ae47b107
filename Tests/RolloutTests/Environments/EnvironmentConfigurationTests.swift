import Foundation
import Rollout
import Testing

struct EnvironmentConfigurationTests {
  private let choice = EnvironmentConfiguration(
    "Corridor-v0", arguments: "size=8,goal=3", limit: .steps(6),
    wrappers: [.observationMask(keeping: [0, 2]), .frameStack(4)], python: "venv/bin/python3")

  @Test func `a literal is the environment as it is registered`() throws {
    let choice: EnvironmentConfiguration = "Corridor-v0"
    #expect(choice == EnvironmentConfiguration("Corridor-v0"))
    #expect(try choice.spaces().observation == .discrete(5))
    #expect("\(choice)" == "Corridor-v0")
    #expect("\(self.choice)" == "Corridor-v0 (size=8,goal=3)")
  }

  @Test(arguments: [EpisodeLimit.registered, .steps(6), .unlimited])
  func `a choice survives as JSON`(limit: EpisodeLimit) throws {
    var choice = choice
    choice.limit = limit
    choice.rendersPictures = true
    let data = try JSONEncoder().encode(choice)
    #expect(try JSONDecoder().decode(EnvironmentConfiguration.self, from: data) == choice)
  }

  @Test func `a wrapper without a name cannot be read back`() throws {
    let data = try JSONEncoder().encode(
      EnvironmentConfiguration("CartPole-v1", wrappers: [.shaping(discount: 1) { _ in 0 }]))
    #expect(throws: WrapperError.self) {
      try JSONDecoder().decode(EnvironmentConfiguration.self, from: data)
    }
  }

  @Test func `spaces and batches are those of arguments, limit and wrappers`() throws {
    var choice = EnvironmentConfiguration(
      "Corridor-v0", arguments: "size=8,goal=3", limit: .steps(2), wrappers: [.rewardScale(2)])
    let batch = try choice.makeBatch(streams: [PCG64(seed: 0)])
    #expect(try batch.spaces == choice.spaces())
    #expect(batch.spaces.observation == .discrete(8))
    let stage = Stage(batch, stepCount: 4)
    try stage.reset()
    // To the left, against the wall: −1 each step, until the limit ends the episode.
    try stage.collect { _, _ in 0 }
    #expect(stage.column(stage.fragment.truncated) == [false, true, false, true])
    let plain = stage.column(stage.fragment.rew)[1]
    choice.wrappers = []
    let bare = Stage(try choice.makeBatch(streams: [PCG64(seed: 0)]), stepCount: 4)
    try bare.reset()
    try bare.collect { _, _ in 0 }
    #expect(plain == 2 * bare.column(bare.fragment.rew)[1])
  }

  @Test func `a batch draws from a worker's streams`() throws {
    let streams = RandomStreams(seed: 3, worker: 1, incarnation: 2)
    let choice: EnvironmentConfiguration = "CartPole-v1"
    let named = Stage(try choice.makeBatch(count: 2, streams: streams), stepCount: 1)
    let listed = Stage(
      try choice.makeBatch(streams: [streams.environment(0), streams.environment(1)]), stepCount: 1)
    for stage in [named, listed] { try stage.reset() }
    #expect((0..<2).map { named.observed(0, $0) } == (0..<2).map { listed.observed(0, $0) })
  }

  @Test func `what workers could not be told is refused`() throws {
    try EnvironmentConfiguration("CartPole-v1", wrappers: [.frameStack(4)]).validate()
    try choice.validate()
    #expect(throws: UnknownEnvironment.self) {
      try EnvironmentConfiguration("Nowhere-v0").validate()
    }
    #expect(throws: InvalidEnvironmentArguments.self) {
      try EnvironmentConfiguration("Corridor-v0", arguments: "size=1").validate()
    }
    for (wrapper, words) in [
      (Wrapper.shaping(discount: 1) { _ in 0 }, "cannot be sent to workers"),
      (.observationNormalization, "observation-normalization cannot wrap an environment"),
      (.rewardNormalization(), "reward-normalization cannot wrap an environment"),
    ] {
      let choice = EnvironmentConfiguration("CartPole-v1", wrappers: [wrapper])
      let error = #expect(throws: WrapperError.self) { try choice.validate() }
      #expect(error?.description.contains(words) == true)
      if wrapper.normalization != nil {
        #expect(throws: WrapperError.self) { try choice.spaces() }
      }
    }
  }

  @Test func `what is wrong with a choice is no finding about its environment`() {
    let check = EnvironmentCheck(stepCount: 10)
    #expect(throws: InvalidEnvironmentArguments.self) {
      try check.run(EnvironmentConfiguration("Corridor-v0", arguments: "size=4,goal=9"))
    }
    #expect(throws: WrapperError.self) {
      try check.run(EnvironmentConfiguration("Corridor-v0", wrappers: [.grayScale]))
    }
    #expect(throws: GymnasiumError.self) {
      try check.run(EnvironmentConfiguration("gym:CartPole-v1", python: "/nowhere/python"))
    }
  }

  @Test func `a wrapped environment is checked as it is wrapped`() throws {
    let choice = EnvironmentConfiguration(
      "CartPole-v1", limit: .steps(30), wrappers: [.actionRepeat(2), .timeLimit(9), .frameStack(2)])
    let report = try EnvironmentCheck(stepCount: 60).run(choice)
    #expect(report.isSound, "\(report.findings)")
    #expect(report.environment == choice)
  }
}
