import Rollout
import Testing

/// The corridor as in its founding document: goal 4, one cell a step, +1 right and −1 left.
struct CorridorTests {
  @Test func `going straight earns one a cell and ends at the goal`() throws {
    var corridor = try Corridor()
    var random = PCG64(seed: 0)
    corridor.reset(using: &random)
    for cell in 1...4 {
      let outcome = corridor.step(1, using: &random)
      #expect(outcome == StepOutcome(reward: 1, terminated: cell == 4))
      #expect(corridor.observation == cell)
    }
  }

  @Test func `the wall stops and still costs`() throws {
    var corridor = try Corridor()
    var random = PCG64(seed: 0)
    corridor.reset(using: &random)
    #expect(corridor.step(0, using: &random) == StepOutcome(reward: -1))
    #expect(corridor.observation == 0)
  }

  @Test(arguments: [("", 5, 4), ("size=8", 8, 7), ("size=8,goal=3", 8, 3)])
  func `size and goal are parameters`(arguments: String, size: Int, goal: Int) throws {
    let environments = try EnvironmentConfiguration("Corridor-v0", arguments: arguments)
      .makeBatch(streams: [PCG64(seed: 0)])
    #expect(environments.spaces.observation == .discrete(size))
    let stage = Stage(environments, stepCount: 9)
    try stage.reset()
    try stage.collect { _, _ in 1 }
    #expect(stage.column(stage.fragment.fin).dropFirst().firstIndex(of: true) == goal)
  }

  @Test func `a goal outside is refused`() {
    #expect(
      throws: InvalidEnvironmentArguments(
        "goal=5 is outside a corridor of size=5: use 1 to 4.")
    ) { try Corridor(goal: 5) }
  }

  @Test func `an episode is cut off after 100 steps`() throws {
    #expect(try EnvironmentRegistry().environment("Corridor-v0").maximumEpisodeSteps == 100)
  }
}
