import Rollout
import TestSupport
import Testing

/// Tests of vector environments, each compared with the same environments one by one.
@Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"), .timeLimit(.minutes(10)))
struct GymnasiumVectorTests {
  let cases: PythonEnvironments

  /// Writes vector environments in each mode, and the single environments that they consist of.
  ///
  /// The episodes of environment i end after i + 2 steps, in turns terminated and truncated.
  /// Observations are 100 · episodes + steps.
  init() throws {
    cases = try PythonEnvironments()
    try cases.add(
      "vectors",
      """
      import gymnasium as gym, numpy as np
      from gymnasium.vector import AutoresetMode, VectorEnv
      from gymnasium.vector.utils import batch_space

      class Single(gym.Env):
          observation_space = gym.spaces.Box(0, 1e6, (1,), np.float32)
          action_space = gym.spaces.Discrete(100)
          made = 0
          def __init__(self, vectors=None):
              self.episode, self.length = 0, 2 + Single.made
              Single.made += 1
          def look(self): return np.array([100 * self.episode + self.t], np.float32)
          def reset(self, *, seed=None, options=None):
              self.t, self.episode = 0, self.episode + 1
              return self.look(), {}
          def step(self, action):
              self.t += 1
              over = self.t == self.length
              late = over and self.episode % 2 == 0
              return self.look(), float(action), over and not late, late, {"t": self.t}

      class Next(VectorEnv):
          mode = AutoresetMode.NEXT_STEP
          def __init__(self, num_envs=1, shape=(1,)):
              self.num_envs, self.metadata = num_envs, {"autoreset_mode": self.mode}
              self.single_observation_space = gym.spaces.Box(0, 1e6, (1,), np.float32)
              self.single_action_space = gym.spaces.Discrete(100)
              self.observation_space = batch_space(self.single_observation_space, num_envs)
              self.action_space = batch_space(self.single_action_space, num_envs)
              self.t, self.episode = np.zeros((2, num_envs), int)
              self.lengths, self.shape = np.arange(num_envs) + 2, tuple(shape)
          def look(self):
              return (100 * self.episode + self.t).astype(np.float32).reshape((-1, *self.shape))
          def begin(self, mask):
              self.t[mask] = 0
              self.episode[mask] += 1
          def reset(self, *, seed=None, options=None):
              mask = (options or {}).get("reset_mask", np.ones(self.num_envs, bool))
              self.begin(mask)
              self.over = self.over & ~mask if options else np.zeros(self.num_envs, bool)
              return self.look(), {}
          def info(self): return {"t": self.t.copy(), "_t": self.t > 0}
          def step(self, actions):
              assert self.action_space.contains(actions), actions
              idle = self.over if self.mode == AutoresetMode.NEXT_STEP else self.over & False
              assert not (self.over & ~idle).any(), "not reset"
              self.begin(idle)
              self.t[~idle] += 1
              over = (self.t == self.lengths) & ~idle
              late = over & (self.episode % 2 == 0)
              self.over = over
              infos = self.finish(over)
              return self.look(), actions.astype(float), over & ~late, late, infos
          def finish(self, over): return self.info()

      class Disabled(Next):
          mode = AutoresetMode.DISABLED

      class Same(Next):
          mode = AutoresetMode.SAME_STEP
          def finish(self, over):
              final, told = self.look(), self.info()
              self.begin(over)
              self.over = over & False
              return {**self.info(), "final_obs": final, "final_info": told} if over.any() else told

      class Objects(Same):
          def finish(self, over):
              infos = super().finish(over)
              if "final_obs" not in infos: return infos
              final, told = np.full((2, self.num_envs), None, object)
              for i in np.flatnonzero(over):
                  final[i], told[i] = infos["final_obs"][i], {"t": infos["final_info"]["t"][i]}
              return {**infos, "final_obs": final, "final_info": told}

      class Silent(Same):
          def finish(self, over):
              super().finish(over)
              return {}

      class Plain(Single): pass
      gym.register("Single-v0", Single)
      gym.register("Pair-v0", vector_entry_point=Same)
      """)
  }

  private func stage(
    _ id: String, arguments: String = "", wrappers: [Wrapper] = [], stepCount: Int = 12
  ) throws -> Stage {
    Stage(
      try EnvironmentConfiguration(
        "gym:vectors:\(id)", arguments: arguments, wrappers: wrappers, python: cases.python,
        information: ["t"]
      ).makeBatch(streams: (0..<3).map { PCG64(seed: UInt64($0)) }), stepCount: stepCount)
  }

  /// The results of a step of one environment that was played.
  private struct Step: Equatable {
    var observation: Float
    var reward: Float
    var flags: [Bool]
    var final: Float?
    var told: Float
    var stepno: Int32
  }

  /// Plays and returns the played steps of each environment.
  private func play(_ stage: Stage) throws -> [[Step]] {
    try stage.reset()
    try stage.collect { t, _ in t }
    let fragment = stage.fragment
    let final = try #require(stage.storage.layout.finalObs.value)
    let finals: ColumnView<Float> = fragment.column(final)
    let observations = fragment.obs(as: Float.self)
    let told = try #require(fragment.info("t"))
    return (0..<3).map { index in
      (0..<stage.storage.layout.stepCount).compactMap { t in
        let flags = [fragment.terminated[t, index], fragment.truncated[t, index]]
        let isOver = fragment.fin[t + 1, index]
        if isOver, flags == [false, false] { return nil }
        return Step(
          observation: observations[t + 1, index], reward: fragment.rew[t + 1, index],
          flags: flags + [isOver], final: isOver ? finals[t, index] : nil, told: told[t, index],
          stepno: fragment.stepno[t + 1, index])
      }
    }
  }

  @Test(arguments: [
    ("Same", "", DeclaredSpaces.Autoreset.sameStep), ("Objects", "", .sameStep),
    ("Disabled", "", .disabled), ("Pair-v0", "", .sameStep),
    (
      "Single-v0", #"vectorization_mode=sync,vector_kwargs={"autoreset_mode":"SameStep"}"#,
      .sameStep
    ),
    (
      "Single-v0", #"vectorization_mode=sync,vector_kwargs={"autoreset_mode":"Disabled"}"#,
      .disabled
    ),
  ])
  func `a vector environment gives what its environments give one by one`(
    id: String, arguments: String, mode: DeclaredSpaces.Autoreset
  ) throws {
    let vector = try stage(id, arguments: arguments)
    #expect(vector.batch.spaces.declared?.autoreset == mode)
    #expect(!vector.batch.restartsSingly)
    #expect(vector.batch.parts == [0..<3])
    #expect(try play(vector) == play(stage("Single-v0")))
  }

  @Test(arguments: [
    ("Next", ""), ("Single-v0", "vectorization_mode=sync"),
  ])
  func `a step that only resets is not played`(id: String, arguments: String) throws {
    let vector = try stage(id, arguments: arguments)
    #expect(vector.batch.spaces.mayIdle)
    let played = try play(vector)
    let fragment = vector.fragment
    // Episodes of two steps, each followed by a step that only resets.
    #expect(
      vector.column(fragment.fin)
        == (0...12).map { $0 % 3 == 0 || $0 % 3 == 2 }, "\(vector.column(fragment.fin))")
    #expect(vector.column(fragment.stepno) == (0...12).map { $0 % 3 == 1 ? 1 : 0 })
    #expect(
      vector.column(fragment.obs(as: Float.self))
        == [100, 101, 102, 200, 201, 202, 300, 301, 302, 400, 401, 402, 500])
    for t in [2, 5, 8, 11] {
      #expect(
        fragment.rew[t + 1, 0] == 0 && !fragment.terminated[t, 0] && !fragment.truncated[t, 0])
    }
    // The same episodes as one by one, apart from the actions and the observation in place of the
    // next episode's first one.
    let single = try play(stage("Single-v0"))
    for index in 0..<3 {
      for (one, other) in zip(played[index], single[index]) {
        #expect(one.flags == other.flags && one.final == other.final && one.told == other.told)
        #expect(one.stepno == other.stepno)
      }
    }
  }

  @Test func `wrappers keep a step that only resets`() throws {
    let stage = try stage("Next", wrappers: [.frameStack(2), .rewardScale(2)])
    try stage.reset()
    try stage.collect { t, _ in t }
    let observations = stage.fragment.obs(as: Float.self)
    #expect(stage.column(stage.fragment.fin) == (0...12).map { $0 % 3 == 0 || $0 % 3 == 2 })
    #expect([observations[1, 0, 0], observations[1, 0, 1]] == [100, 101])
    #expect([observations[3, 0, 0], observations[3, 0, 1]] == [200, 200])
    #expect([observations[4, 0, 0], observations[4, 0, 1]] == [200, 201])
    #expect(stage.column(stage.fragment.rew)[..<5] == [0, 0, 2, 0, 6])
  }

  @Test(arguments: [
    Wrapper.actionRepeat(2), .frameSkip(2), .randomNoOps(upTo: 2), .endOnLostLife, .fireOnReset,
  ])
  func `wrappers in which environments wait are refused`(wrapper: Wrapper) throws {
    let error = try #require(throws: WrapperError.self) { try stage("Same", wrappers: [wrapper]) }
    #expect(error.description.contains("step together"), "\(error)")
  }

  @Test(arguments: [
    ("Silent", "", "the autoreset mode is SAME_STEP, but the info of step has no 'final_obs'"),
    ("Next", "shape=[]", "the observation has the shape (3,) for 3 environments, but its space"),
  ])
  func `what a vector environment leaves out is named`(
    id: String, arguments: String, words: String
  ) throws {
    let error = try #require(throws: EnvironmentFault.self) {
      let stage = try stage(id, arguments: arguments)
      try stage.reset()
      try stage.collect()
    }
    #expect(error.description.contains(words), "\(error)")
  }

  @Test(arguments: [
    ("CartPole-v1", "vectorization_mode=vector_entry_point"),
    ("gymnasium.envs.classic_control.cartpole:CartPoleVectorEnv", ""),
  ])
  func `Gymnasium's own vector of poles is like single ones`(
    id: String, arguments: String
  ) throws {
    let vector = Stage(
      try GymnasiumBatch(
        id, streams: (0..<3).map { PCG64(seed: UInt64($0)) }, arguments: arguments,
        python: cases.python), stepCount: 40)
    #expect(vector.batch.spaces.declared?.autoreset == .nextStep)
    try vector.reset()
    try vector.collect { _, index in index % 2 }
    let fragment = vector.fragment
    for index in 0..<3 {
      let ends = (0..<40).filter { fragment.fin[$0 + 1, index] }
      // Poles that are pushed one way fall, and each fall is followed by a step that only resets.
      #expect(ends.count >= 4)
      for (place, t) in ends.enumerated() {
        #expect(fragment.terminated[t, index] == (place % 2 == 0))
        if place % 2 == 1 {
          #expect(fragment.rew[t + 1, index] == 0 && ends[place - 1] == t - 1)
          let first = fragment.obs(as: Float.self)[t + 1, index, 0]
          #expect(first.magnitude <= 0.05)
        } else {
          #expect(fragment.rew[t + 1, index] == 1)
        }
      }
    }
  }

  @Test func `a class that is not registered is made by its name`() throws {
    let stage = Stage(
      try GymnasiumBatch(
        "vectors:Plain", streams: [PCG64(seed: 0)], limit: .steps(1), python: cases.python),
      stepCount: 2)
    #expect(stage.batch.spaces.declared?.autoreset == nil)
    try stage.reset()
    try stage.collect()
    #expect(stage.column(stage.fragment.truncated) == [true, true])
  }

  @Test func `a check of a vector environment finds nothing`() throws {
    for id in ["Next", "Same", "Disabled"] {
      let report = try EnvironmentCheck(stepCount: 50).run(
        EnvironmentConfiguration(
          "gym:vectors:\(id)", limit: .unlimited, python: cases.python, information: ["t"]))
      #expect(report.isSound && report.episodeCount > 0, "\(report)")
    }
  }
}
