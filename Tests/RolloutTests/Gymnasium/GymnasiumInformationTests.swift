import Rollout
import TestSupport
import Testing

/// Tests of the numbers in `info` that the bridge records.
@Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"), .timeLimit(.minutes(10)))
struct GymnasiumInformationTests {
  let cases: PythonEnvironments

  init() throws { cases = try PythonEnvironments() }

  /// Makes environments with episodes of three steps, each with an info of its own.
  private func stage(
    _ infos: String..., names: [String], wrappers: [Wrapper] = [], limit: Int? = nil
  ) throws -> Stage {
    try cases.add(
      "telling",
      """
      import gymnasium as gym, numpy as np
      made = []
      infos = [\(infos.map { "lambda t, over: \($0)" }.joined(separator: ", "))]
      class Telling(gym.Env):
          observation_space = gym.spaces.Box(-1, 9, (), np.float32)
          action_space = gym.spaces.Discrete(100)
          def __init__(self):
              self.info = infos[len(made) % len(infos)]
              made.append(self)
          def reset(self, *, seed=None, options=None):
              self.t = 0
              return np.float32(0), {"step": -7, "success": -7}
          def step(self, action):
              self.t += 1
              over = self.t >= 3
              return np.float32(self.t), 1.0, over, False, self.info(self.t, over)
      gym.register("Telling-v0", Telling)
      """)
    let configuration = EnvironmentConfiguration(
      "gym:telling:Telling-v0", limit: limit.map { .steps($0) } ?? .registered, wrappers: wrappers,
      python: cases.python, information: names)
    let batch = try configuration.makeBatch(
      streams: infos.indices.map { PCG64(seed: UInt64($0)) })
    #expect(batch.spaces.information == (try configuration.spaces().information))
    return Stage(batch, stepCount: 4)
  }

  private func numbers(_ stage: Stage, _ name: String, _ environment: Int = 0) throws -> [Float] {
    let told = try #require(stage.fragment.info(name))
    return (0..<4).map { told[$0, environment] }
  }

  @Test func `numbers of any kind are recorded, also those of the last step`() throws {
    let stage = try stage(
      #"{"step": t, "success": over, "reward": {"forward": t / 2}, "a.b": np.array([t])}"#,
      #"{"step": np.int64(-t), "success": np.bool_(over), "reward": {"forward": np.float64(t)}}"#,
      names: ["step", "success", "reward.forward", "a.b"])
    try stage.reset()
    try stage.collect()
    #expect(try numbers(stage, "step") == [1, 2, 3, 1])
    #expect(try numbers(stage, "success") == [0, 0, 1, 0])
    #expect(try numbers(stage, "reward.forward") == [0.5, 1, 1.5, 0.5])
    #expect(try numbers(stage, "a.b") == [1, 2, 3, 1])
    #expect(try numbers(stage, "step", 1) == [-1, -2, -3, -1])
    #expect(try numbers(stage, "success", 1) == [0, 0, 1, 0])
    #expect(try numbers(stage, "reward.forward", 1) == [1, 2, 3, 1])
    #expect(try numbers(stage, "a.b", 1).allSatisfy(\.isNaN))
  }

  @Test func `a name that is missing, or None, is NaN`() throws {
    let stage = try stage(
      #"{"success": True} if over else {"step": None}"#, names: ["success", "step", "x.y.z"])
    try stage.reset()
    try stage.collect()
    let told = try numbers(stage, "success")
    #expect(told.map(\.isNaN) == [true, true, false, true] && told[2] == 1)
    #expect(try numbers(stage, "step").allSatisfy(\.isNaN))
    #expect(try numbers(stage, "x.y.z").allSatisfy(\.isNaN))
  }

  @Test(arguments: [
    ("\"won\"", "info['x'] is the str 'won', but --info records numbers only"),
    ("{'y': 1}", "info['x'] is a dict with the keys 'y', but"),
    ("[1, 2]", "info['x'] is a list of length 2: [1, 2], but"),
  ])
  func `anything else is refused`(value: String, words: String) throws {
    let stage = try stage("{'x': \(value)}", names: ["x"])
    try stage.reset()
    let error = #expect(throws: EnvironmentFault.self) { try stage.collect() }
    #expect(try #require(error).description.contains(words), "\(error.map { "\($0)" } ?? "")")
  }

  @Test func `limits, wrappers and waiting keep what was told`() throws {
    let stage = try stage(
      "{'step': t}", "{'step': 10 * t}", names: ["step"], wrappers: [.rewardSign], limit: 2)
    try stage.reset()
    try stage.collect()
    #expect(try numbers(stage, "step") == [1, 2, 1, 2])
    #expect(try numbers(stage, "step", 1) == [10, 20, 10, 20])
    stage.carry()
    for t in 0..<4 { stage.fragment.info("step")?[t, 0] = -5 }
    try stage.collect(sticky: true)
    #expect(try numbers(stage, "step") == [1, 2, -5, -5])
  }

  @Test func `names are for environments of Gymnasium only`() throws {
    let error = #expect(throws: InvalidEnvironmentArguments.self) {
      try EnvironmentConfiguration("Cube2x2-v0", information: ["is_success"]).validate()
    }
    #expect(try #require(error).description.contains("Cube2x2-v0 records all information"))
  }
}
