import TestSupport
import Testing

@testable import Rollout

/// Checks of an environment's return values: each is accepted if no information is lost, and named
/// in an error otherwise.
///
/// Each test makes one batch, in which each environment returns something else: a Python for each
/// case would take too long.
@Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"), .timeLimit(.minutes(10)))
struct GymnasiumFieldTests {
  let cases: PythonEnvironments

  init() throws { cases = try PythonEnvironments() }

  /// Makes environments whose episodes end after three steps, each with an expression of its own.
  ///
  /// - Parameters:
  ///   - expressions: Python for `self.value()` of each environment in turn, where `o` is an
  ///     observation and `over` the end of the episode.
  ///   - space: the observation space.
  ///   - observation: an observation.
  ///   - reset: the result of `reset`.
  ///   - step: the result of `step`.
  ///   - body: more of the class.
  private func stage(
    _ expressions: [String], space: String = "Box(-1, 1, (2,), np.float32)",
    observation: String = "np.zeros(2, np.float32)", reset: String = "o, {}",
    step: String = "o, 1.0, over, False, {}", body: String = "pass", needsLives: Bool = false
  ) throws -> Stage {
    let values = expressions.map { "lambda o, over: (\($0))" }.joined(separator: ",\n    ")
    try cases.add(
      "odd",
      """
      import fractions
      import gymnasium as gym, numpy as np
      from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Text, Tuple
      made = []
      values = [
          \(values)
      ]
      def fail():
          raise ValueError(b"cannot read donn\\xe9es.csv".decode("utf-8", "surrogateescape"))

      class Odd(gym.Env):
          observation_space = \(space)
          action_space = Discrete(100)
          def __init__(self):
              self.index = len(made)
              made.append(self)
          def value(self, over=False):
              return values[self.index](np.zeros(2, np.float32), over)
          def look(self): return \(observation)
          def reset(self, *, seed=None, options=None):
              self.t = 0
              o = self.look()
              return \(reset)
          def step(self, action):
              self.t += 1
              o, over = self.look(), self.t >= 3
              return \(step)
          \(body)
      gym.register("Odd-v0", Odd)
      """)
    return Stage(
      try GymnasiumBatch(
        "odd:Odd-v0", streams: expressions.indices.map { PCG64(seed: UInt64($0)) },
        python: cases.python, needsLives: needsLives), stepCount: 4)
  }

  /// Expects each environment's reset to fail with words of its own.
  private func expectResetsFail(_ stage: Stage, _ words: [String]) throws {
    for (index, words) in words.enumerated() {
      let error = try #require(throws: EnvironmentFault.self) {
        try stage.batch.reset(index, into: stage.fragment, row: 0)
      }
      #expect(error.environment == index)
      #expect(error.description.contains(words), "\(error)")
    }
  }

  /// Expects each environment's first step to fail with words of its own.
  private func expectStepsFail(_ stage: Stage, _ words: [String]) throws {
    let batch = try #require(stage.batch as? GymnasiumBatch)
    try stage.reset()
    for (index, words) in words.enumerated() {
      let range = index..<index + 1
      let error = try #require(throws: EnvironmentFault.self) {
        batch.beginStep(stage.fragment, from: 0, sticky: false, of: range)
        try batch.finishStep(
          stage.fragment, from: 0, sticky: false, of: range, position: stage.position)
      }
      #expect(error.environment == index && error.step == 0)
      #expect(error.description.contains(words), "\(error)")
    }
  }

  // MARK: Shapes of the two results

  @Test func `a reset of another shape is told`() throws {
    let odd = [
      "o":
        "reset returned one value, but Gymnasium requires 2: observation, info; "
        + "it returned an array",
      "{'a': o}": "observation, info; it returned a dict with the keys 'a'",
      "None":
        "reset returned one value, but Gymnasium requires 2: observation, info; it returned None",
      "(o, {}, 1)": "reset returned 3 values, but Gymnasium requires 2: observation, info",
      "(o, None)": "the info that reset returned is None, but Gymnasium requires a dict",
      "(o, [1, 2])": "the info that reset returned is a list of length 2: [1, 2], but",
    ]
    try expectResetsFail(stage(Array(odd.keys), reset: "self.value()"), Array(odd.values))
  }

  @Test func `a step of another shape is told, and so is an exception`() throws {
    let odd = [
      "(o, 1.0, over, {})":
        "step returned 4 values, but Gymnasium requires 5: observation, reward, ",
      "None": "step returned one value, but Gymnasium requires 5",
      "(o, 1.0, over, False, 3)": "the info that step returned is the int 3, but",
      "(o, 1.0, True, False, 3)": "the info that step returned is the int 3, but",
      // A byte that is no text has a stand-in.
      "fail()":
        "ValueError: cannot read donn\u{FFFD}es.csv (odd.py, line ",
    ]
    try expectStepsFail(stage(Array(odd.keys), step: "self.value(over)"), Array(odd.values))
  }

  // MARK: Rewards

  @Test func `a reward is any one number`() throws {
    let rewards: KeyValuePairs<String, Float> = [
      "1.5": 1.5, "np.array([1.5])": 1.5, "np.array(1.5)": 1.5, "[1.5]": 1.5,
      "np.float16(1.5)": 1.5, "np.int8(-3)": -3, "True": 1, "np.True_": 1,
      "fractions.Fraction(3, 2)": 1.5, "3.4028234e38": .greatestFiniteMagnitude,
    ]
    let stage = try stage(rewards.map(\.key), step: "o, self.value(), over, False, {}")
    try stage.reset()
    try stage.collect()
    for (index, reward) in rewards.enumerated() {
      #expect(stage.fragment.rew[2, index] == reward.value, "\(reward.key)")
    }
  }

  @Test func `a reward that is no number, or none of float32, is told`() throws {
    let odd = [
      "None": "the reward is None, but Gymnasium requires a number",
      "np.zeros(2)": "the reward is an array of type float64 and shape (2,): [0. 0.], but",
      "'1'": "the reward is the str '1', but", "{}": "the reward is an empty dict, but",
      "1j": "the reward is the complex 1j, but", "float('nan')": "the reward is NaN",
      "float('-inf')": "the reward is infinite (-inf)",
      "np.float32('inf')": "the reward is infinite (inf)",
      "1e39": "the reward 1e+39 is too large for float32", "-10**400": "is too large for float32",
    ]
    try expectStepsFail(
      stage(Array(odd.keys), step: "o, self.value(), over, False, {}"), Array(odd.values))
  }

  // MARK: Flags

  @Test func `a flag is any one truth`() throws {
    let flags = [
      "over", "np.bool_(over)", "int(over)", "np.array([over])", "float(over)", "[over]",
    ]
    let results = ["o, 1.0, self.value(over), False, {}", "o, 1.0, False, self.value(over), {}"]
    for step in results {
      let stage = try stage(flags, step: step)
      try stage.reset()
      try stage.collect()
      for (index, flag) in flags.enumerated() {
        let fin = (0...4).map { stage.fragment.fin[$0, index] }
        #expect(fin == [true, false, false, true, false], "\(flag)")
      }
    }
  }

  @Test func `a flag that is none is told by its name`() throws {
    let odd = [
      "None": "is None, but Gymnasium requires a bool", "2": "is the int 2, but",
      "{}": "is an empty dict, but",
      "np.zeros(2, bool)": "is an array of type bool and shape (2,): [False False], but",
    ]
    let step = "(o, 1.0, self.value(), 0, {}) if self.index % 2 else (o, 1.0, 0, self.value(), {})"
    // Each twice, once as either flag.
    let keys = odd.keys.flatMap { [$0, $0] }
    let words = odd.values.flatMap { ["truncated \($0)", "terminated \($0)"] }
    try expectStepsFail(stage(keys, step: step), words)
  }

  // MARK: Observations

  /// Parts of a space, and values that they take although the type is another one.
  static let parts: KeyValuePairs<String, (space: String, value: String, first: Double)> = [
    "a": ("Box(0, 9, (2,), np.int32)", "np.array([3.0, 4.0])", 3),
    "b": ("Box(0, 9, (2,), np.int8)", "[3, 4]", 3),
    "c": ("Box(0, 9, (2,), np.uint8)", "np.array([3, 4], np.int64)", 3),
    "d": ("Box(0, 9, (2,), np.float32)", "np.array([3, 4])", 3),
    "e": ("Box(0, 9, (2,), np.float16)", "np.array([3.0, 4.0])", 3),
    "f": ("MultiDiscrete([5, 5])", "np.array([3.0, 4.0])", 3),
    "g": ("MultiBinary(2)", "np.array([True, False])", 1),
    "h": ("Discrete(5)", "np.array([3])", 3), "i": ("Discrete(5)", "3.0", 3),
    "j": ("Discrete(2)", "np.True_", 1),
    "k": ("Box(-np.inf, np.inf, (2,), np.float64)", "[3, 4]", 3),
  ]

  private var space: String {
    "Dict({\(Self.parts.map { "'\($0.key)': \($0.value.space)" }.joined(separator: ", "))})"
  }

  private var value: String {
    "{\(Self.parts.map { "'\($0.key)': \($0.value.value)" }.joined(separator: ", "))}"
  }

  @Test func `an observation may have another type that loses nothing`() throws {
    let stage = try stage(["0"], space: space, observation: value)
    try stage.reset()
    try stage.collect()
    let leaves = stage.batch.spaces.observation.leaves.leaves
    for (index, part) in Self.parts.enumerated() {
      let first = LeafRow(stage, row: 4).dropping(index).number(
        as: leaves[index].elementType, at: 0)
      #expect(first == part.value.first, "\(part)")
    }
  }

  @Test func `an observation that does not fit is told with its part, type and value`() throws {
    let odd: KeyValuePairs<String, String> = [
      "{'a': np.array([3.5, 4.0])}":
        "the observation 'a' of type float64 holds [3.5 4. ], but its space is "
        + "Box(0, 9, (2,), int32)",
      "{'b': np.array([300, 4])}":
        "holds [300 4], but its space is Box(0, 9, (2,), int8); it is an array of type int64",
      "{'c': np.zeros(3, np.uint8)}": "the observation 'c' has the shape (3,), but its space is",
      "{'d': np.array([0, 1e300])}":
        "the observation 'd' holds 1e+300, which is beyond the range of float32, but its space is",
      "{'d': None}": "the observation 'd' is of type object, but its space is",
      "{'h': 5}": "the observation 'h' is 5, but its space is Discrete(5)",
      "{'i': 2.5}": "the observation 'i' is the float 2.5, but its space is Discrete(5)",
      "{'k': np.array([0, 1e300])}":
        "the observation 'k' is 1e+300 at element 1, which is beyond the range of float32",
      "{'k': np.array([0, np.nan])}": "the observation 'k' is NaN at element 1, but its space is",
      "{'drop': 'b'}":
        "the observation 'b' is missing, but its space is Box(0, 9, (2,), int8); the whole "
        + "observation is a dict",
    ]
    let stage = try stage(
      odd.map(\.key), space: space, observation: value,
      reset: "{key: part for key, part in {**o, **self.value()}.items() "
        + "if key != self.value().get('drop')}, {}")
    try expectResetsFail(stage, odd.map(\.value))
  }

  // MARK: Masks

  private func masked(_ space: String, _ masks: [String]) throws -> Stage {
    try stage(
      masks, space: "Dict({'obs': Box(-1, 1, (2,), np.float32), 'action_mask': \(space)})",
      observation: "{'obs': np.zeros(2, np.float32), 'action_mask': np.array([0, 1, 0], np.int8)}",
      reset: "{**o, 'action_mask': self.value()}, {}", body: "action_space = Discrete(3)")
  }

  @Test(arguments: [
    "Box(0, 1, (3,), np.int8)", "Box(0, 1, (3,), np.int64)", "Box(0, 1, (3,), np.bool_)",
  ])
  func `a mask of any type of the field masks`(space: String) throws {
    let stage = try masked(space, ["np.array([0, 1, 0])", "[False, True, False]"])
    let mask = try #require(ActionMaskCheck(stage.batch.spaces))
    try stage.reset()
    stage.fragment.withStateRow(0) { row in
      for index in 0..<2 {
        let allowed = (0..<3).map { mask.allows($0, of: 0, row, environment: index) }
        #expect(allowed == [false, true, false])
      }
    }
  }

  @Test func `a check plays the actions that an int8 mask allows`() throws {
    try cases.add(
      "masked",
      """
      import gymnasium as gym, numpy as np
      from gymnasium.spaces import Box, Dict, Discrete

      class Masked(gym.Env):
          observation_space = Dict(
              {"obs": Box(-1, 1, (2,)), "action_mask": Box(0, 1, (3,), np.int8)})
          action_space = Discrete(3)
          def look(self):
              return {"obs": np.zeros(2, np.float32), "action_mask": np.array([0, 1, 0], np.int8)}
          def reset(self, *, seed=None, options=None): return self.look(), {}
          def step(self, action):
              assert action == 1, "a masked action was played"
              return self.look(), 1.0, True, False, {}
      gym.register("Masked-v0", Masked)
      """)
    let report = try EnvironmentCheck(stepCount: 20).run(
      EnvironmentConfiguration("gym:masked:Masked-v0", python: cases.python))
    #expect(report.isSound, "\(report.findings)")
  }

  @Test func `a mask holds 0 and 1`() throws {
    try expectResetsFail(
      masked("Box(0, 1, (3,), np.int8)", ["np.array([0, 2, 1], np.int8)"]),
      ["the observation 'action_mask' is [0 2 1], but its space is Box(0, 1, (3,), int8)"])
  }

  // MARK: Lives

  static let noLives = ["[3, 2]", "None", "'three'", "-4", "2.5"]
  static let lives = ["2", "np.int64(2)", "np.array([2])", "2.0"]

  @Test func `lives that are no number of lives count for nothing`() throws {
    let stage = try stage(
      Self.noLives + Self.lives, step: "o, 1.0, over, False, {'lives': self.value()}",
      body: "lives = 3")
    try stage.reset()
    try stage.batch.step(stage.fragment, from: 0, sticky: false, position: stage.position)
    for index in Self.noLives.indices { #expect(stage.batch.lives(of: index) == nil) }
    for index in Self.lives.indices {
      #expect(stage.batch.lives(of: Self.noLives.count + index) == 2)
    }
  }

  @Test func `lives that are no number of lives are told where they are asked for`() throws {
    try expectStepsFail(
      stage(
        Self.noLives, step: "o, 1.0, over, False, {'lives': self.value()}", body: "lives = 3",
        needsLives: true),
      [
        "info['lives'] is a list of length 2: [3, 2], but the wrapper end-on-lost-life needs a",
        "info['lives'] is None, but", "info['lives'] is the str 'three', but",
        "info['lives'] is the int -4, but", "info['lives'] is the float 2.5, but",
      ])
  }

  // MARK: What cannot be played

  @Test func `a part with numbers that cannot be stored is named, and how to leave it out`() throws
  {
    try cases.add(
      "odd",
      """
      import gymnasium as gym, numpy as np
      from gymnasium.spaces import Box, Dict, Discrete
      class Odd(gym.Env):
          observation_space = Dict(
              wide=Box(0, 2**64 - 1, (2,), np.uint64), image=Box(0, 1, (2,)), side=Discrete(4))
          action_space = Discrete(100)
          def look(self):
              return {"wide": np.zeros(2, np.uint64), "image": np.zeros(2, np.float32), "side": 2}
          def reset(self, *, seed=None, options=None):
              self.t = 0
              return self.look(), {}
          def step(self, action):
              self.t += 1
              return self.look(), 1.0, self.t >= 3, False, {}
      gym.register("Odd-v0", Odd)
      """)
    let error = try #require(throws: GymnasiumError.self) {
      try GymnasiumBatch("odd:Odd-v0", streams: [PCG64(seed: 0)], python: cases.python)
    }
    #expect(error.kind == .environment)
    #expect(error.description.contains("the part 'wide' of the observation space"), "\(error)")
    let wrapper = #"gymnasium.wrappers.FilterObservation:filter_keys=["image","side"]"#
    #expect(error.description.contains("--gym-wrap '\(wrapper)'"), "\(error)")
    // The advice is one that works.
    let filtered = Stage(
      try GymnasiumBatch(
        "odd:Odd-v0", streams: [PCG64(seed: 0)], wrappers: [wrapper], python: cases.python),
      stepCount: 4)
    try filtered.reset()
    try filtered.collect()
    #expect(filtered.column(filtered.fragment.fin) == [true, false, false, true, false])
  }

  // MARK: Spaces

  @Test(arguments: [
    ("Box(0, 1 + 1e-6 * len(made), (2,), np.float64)", "Box(0.0, 1.0"),
    ("Discrete(5, start=len(made))", "start=1"),
    ("Dict({('a', 'b')[len(made)]: Discrete(2)})", "'b': Discrete(2)"),
  ])
  func `environments of one batch that differ in any detail are told apart`(
    space: String, words: String
  ) throws {
    try cases.add(
      "unlike",
      """
      import gymnasium as gym, numpy as np
      from gymnasium.spaces import Box, Dict, Discrete, MultiDiscrete
      made = []

      class Unlike(gym.Env):
          action_space = Discrete(2)
          def __init__(self):
              self.observation_space = \(space)
              made.append(0)
      gym.register("Unlike-v0", Unlike)
      """)
    let error = try #require(throws: GymnasiumError.self) {
      try GymnasiumBatch(
        "unlike:Unlike-v0", streams: [PCG64(seed: 0), PCG64(seed: 1)], python: cases.python)
    }
    #expect(error.kind == .spaces)
    let beginning = "environment 1 of the batch has the observation space "
    #expect(error.description.hasPrefix(beginning), "\(error)")
    #expect(error.description.contains(words), "\(error)")
  }
}

extension LeafRow {
  /// The values of environment 0 in a row of a stage.
  fileprivate init(_ stage: Stage, row: Int) {
    self = stage.storage.layout.columns.withUnsafeBufferPointer { columns in
      LeafRow(
        base: stage.fragment.base,
        columns: columns.baseAddress.unsafelyUnwrapped + stage.storage.layout.obsPlaces.lowerBound,
        row: row, environment: 0)
    }
  }
}
