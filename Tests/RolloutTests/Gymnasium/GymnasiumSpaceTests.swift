import Rollout
import TestSupport
import Testing

@Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"), .timeLimit(.minutes(10)))
struct GymnasiumSpaceTests {
  let cases: PythonEnvironments

  init() throws { cases = try PythonEnvironments() }

  func batch(_ id: String, count: Int = 2) throws -> GymnasiumBatch {
    try GymnasiumBatch(
      "rlplay_cases:\(id)", streams: (0..<count).map { PCG64(seed: UInt64($0)) },
      python: cases.python)
  }

  @Test func `spaces are what Gymnasium declares, in its order`() throws {
    let spaces = try batch("Mirror-v0").spaces
    // Gymnasium sorts the parts of a Dict by name.
    #expect(
      spaces.observation
        == .dict([
          SpaceField("choice", .discrete(5)),
          SpaceField("half", .box(shape: [], low: -1, high: 1)),
          SpaceField("image", .box(shape: [2, 3, 1], low: 0, high: 255, elementType: .uint8)),
          SpaceField("pair", .tuple([.multiDiscrete([3, 4]), .multiBinary(4)])),
          SpaceField("short", .box(shape: [1], low: -100, high: 100, elementType: .int32)),
          SpaceField(
            "wide", .box(shape: [2], low: -.infinity, high: .infinity, elementType: .float64)),
        ]))
    #expect(
      spaces.action
        == .tuple([
          .discrete(5),
          .dict([
            SpaceField("bits", .multiBinary(4)), SpaceField("many", .multiDiscrete([3, 4])),
            SpaceField("uneven", .box(shape: [2], low: -2, high: 2)),
          ]),
        ]))
  }

  @Test(
    arguments: [
      ("Limited-v0", .registered, 4), ("Limited-v0", .steps(3), 3), ("Limited-v0", .unlimited, nil),
      ("Mirror-v0", .registered, nil), ("Mirror-v0", .steps(9), 9),
    ] as [(String, EpisodeLimit, Int?)])
  func `the registered limit of an episode is known`(
    id: String, limit: EpisodeLimit, steps: Int?
  ) throws {
    let choice = EnvironmentConfiguration(
      "gym:rlplay_cases:\(id)", limit: limit, python: cases.python)
    #expect(try choice.longestEpisode(choice.spaces()) == steps)
  }

  @Test func `values of every space go there and come back`() throws {
    let batch = try registered(batch("Mirror-v0"))
    let stage = Stage(batch, stepCount: 1)
    let layout = stage.storage.layout
    let fragment = stage.fragment
    try stage.reset()
    let act = layout.act.leaves
    let (choice, bits): (ColumnView<Int32>, ColumnView<UInt8>) =
      (fragment.column(act[0]), fragment.column(act[1]))
    let (many, uneven): (ColumnView<Int32>, ColumnView<Float>) =
      (fragment.column(act[2]), fragment.column(act[3]))
    for index in 0..<2 {
      choice[1, index] = Int32(index + 1)
      for bit in 0..<4 { bits[1, index, bit] = UInt8((bit + index) % 2) }
      (many[1, index, 0], many[1, index, 1]) = (Int32(index), 3)
      // Values beyond the bounds, which are ±1 for the first element and ±2 for the second.
      (uneven[1, index, 0], uneven[1, index, 1]) = (1.5, index == 0 ? -3 : 1.5)
    }
    try batch.step(fragment, from: 0, sticky: false, position: .unread)

    let obs = layout.obs.leaves
    let seenChoice: ColumnView<Int32> = fragment.column(obs[0])
    let half: ColumnView<Float> = fragment.column(obs[1])
    let image: ColumnView<UInt8> = fragment.column(obs[2])
    let seenMany: ColumnView<Int32> = fragment.column(obs[3])
    let seenBits: ColumnView<UInt8> = fragment.column(obs[4])
    let short: ColumnView<Int32> = fragment.column(obs[5])
    let wide: ColumnView<Double> = fragment.column(obs[6])
    for index in 0..<2 {
      #expect(seenChoice[0, index] == 0)
      #expect(seenChoice[1, index] == Int32(index + 1))
      #expect(half[1, index] == 0.5)
      // 250 + the element's index − Gymnasium's choice, which is counted from 3.
      for pixel in 0..<6 { #expect(image[1, index, pixel] == UInt8(246 - index + pixel)) }
      #expect([seenMany[1, index, 0], seenMany[1, index, 1]] == [Int32(index), 3])
      for bit in 0..<4 { #expect(seenBits[1, index, bit] == UInt8((bit + index) % 2)) }
      #expect(short[1, index] == -7)
      #expect([wide[1, index, 0], wide[1, index, 1]] == [1, index == 0 ? -2 : 1.5])
      #expect(fragment.rew[1, index] == 0.5)
      // The fragment keeps the drawn value.
      #expect(uneven[1, index, 0] == 1.5)
    }
  }

  @Test func `parts that cannot be played are left out`() throws {
    let spaces = try batch("Listing-v0").spaces
    #expect(spaces.observation == .dict([SpaceField("fine", .box(shape: [1], low: 0, high: 1))]))
    #expect(spaces.declared?.leftOut == ["names"])
  }

  @Test(arguments: [
    ("Text(5)", "Discrete(2)", "the observation space of 'odd:Odd-v0' is Text("),
    (
      "Dict(a=Text(5), b=Tuple((Sequence(Discrete(2)), Text(3))))", "Discrete(2)",
      "which has no part that can be stored: only Box, Discrete, MultiDiscrete, MultiBinary, Dict"
    ),
    (
      "Discrete(2)", "Dict(a=Discrete(2), b=Text(5))",
      "the part 'b' of the action space of 'odd:Odd-v0' is Text("
    ),
  ])
  func `a space that cannot be played is named`(
    observation: String, action: String, words: String
  ) throws {
    try addOdd(observation, action)
    let error = try #require(throws: GymnasiumError.self) {
      try GymnasiumBatch("odd:Odd-v0", streams: [PCG64(seed: 0)], python: cases.python)
    }
    #expect(error.kind == .environment)
    #expect(error.description.contains(words), "\(error)")
  }

  @Test func `parts within parts are left out, and the others keep their values`() throws {
    try addOdd(
      "Dict(a=Dict(x=Text(3)), b=Tuple((Text(4), Discrete(3, start=2), MultiBinary(1))), "
        + "c=Text(1))",
      "Discrete(2)")
    let stage = Stage(
      try GymnasiumBatch("odd:Odd-v0", streams: [PCG64(seed: 0)], python: cases.python),
      stepCount: 3)
    #expect(
      stage.batch.spaces.observation
        == .dict([SpaceField("b", .tuple([.discrete(3), .multiBinary(1)]))]))
    #expect(stage.batch.spaces.declared?.leftOut == ["a", "b.0", "c"])
    try stage.reset()
    try stage.collect { _, _ in 1 }
  }

  /// Integers of other types are accepted by Gymnasium since version 1.2.
  @Test(arguments: [
    "integers(np.int32)", "integers(np.uint8)", "Discrete(3, start=-1)",
    "Box(-1, 1, (), np.float64)",
    "Box(-1, 1, (2,), np.float16)", "Box(0, 5, (2,), np.int8)", "MultiDiscrete([[2, 3], [4, 5]])",
    "MultiBinary([2, 2])", "Tuple((Discrete(2), Dict(a=Box(-1, 1, ()), b=MultiBinary(3))))",
  ])
  func `an action is one of its space, of the type that it samples`(space: String) throws {
    try cases.add(
      "typed",
      """
      import inspect
      import gymnasium as gym, numpy as np
      from gymnasium.spaces import *
      def integers(kind):
          known = "dtype" in inspect.signature(Discrete.__init__).parameters
          return Discrete(3, dtype=kind) if known else Discrete(3)
      def types(value):
          if isinstance(value, dict): return {key: types(part) for key, part in value.items()}
          if isinstance(value, tuple): return tuple(types(part) for part in value)
          return type(value), getattr(value, "dtype", None), getattr(value, "shape", None)
      class Typed(gym.Env):
          observation_space = Discrete(2)
          action_space = \(space)
          def reset(self, *, seed=None, options=None): return np.array(1), {}
          def step(self, action):
              assert self.action_space.contains(action), repr(action)
              assert types(action) == types(self.action_space.sample()), repr(action)
              return np.array(1, np.int8), np.array(0.5), np.array(False), np.False_, {}
      gym.register("Typed-v0", Typed)
      """)
    let stage = Stage(
      try GymnasiumBatch("typed:Typed-v0", streams: [PCG64(seed: 0)], python: cases.python),
      stepCount: 1)
    try stage.reset()
    // Actions are zeros.
    try stage.batch.step(stage.fragment, from: 0, sticky: false, position: stage.position)
    #expect(stage.fragment.rew[1, 0] == 0.5)
  }

  private func addOdd(_ observation: String, _ action: String) throws {
    try cases.add(
      "odd",
      """
      import gymnasium as gym, numpy as np
      from gymnasium.spaces import *
      class Odd(gym.Env):
          observation_space = \(observation)
          action_space = \(action)
          def reset(self, *, seed=None, options=None): return self.observation_space.sample(), {}
          def step(self, action): return self.observation_space.sample(), 1.0, False, False, {}
      gym.register("Odd-v0", Odd)
      """)
  }

  @Test(arguments: [
    (
      "uint64",
      "the observation space of 'rlplay_cases:Spacious-uint64-v0' is Box(0, 18446744073709551615, "
        + "(2,), uint64): numbers of type uint64"
    ),
    ("none", "a space without numbers cannot be played"),
    ("choices", "is Discrete(2147483648): 2147483648 choices are too many"),
    ("many", "2147483648 choices are too many: use at most 2147483647"),
  ])
  func `numbers that cannot be stored are refused by name`(kind: String, words: String) throws {
    let error = try #require(throws: GymnasiumError.self) { try batch("Spacious-\(kind)-v0") }
    #expect(error.kind == .environment)
    #expect(error.description.contains(words), "\(error)")
  }

  @Test func `the largest choice that can be stored is`() throws {
    let stage = Stage(try batch("Spacious-largest-v0"), stepCount: 1)
    try stage.reset()
    #expect(stage.fragment.obs(as: Int32.self)[0, 0] == Int32.max - 1)
  }
}
