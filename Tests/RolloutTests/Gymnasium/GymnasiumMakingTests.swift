import TestSupport
import Testing

@testable import Rollout

/// Tests of the texts of arguments and wrappers, without Python.
struct PythonCallTests {
  @Test(arguments: [
    ("", "{}"),
    ("a=3,b=-8.5,c=1e-3", #"{"a":3,"b":-8.5,"c":1e-3}"#),
    ("a=.5,b=+2,c=1.,d=-inf", #"{"a":0.5,"b":2.0,"c":1.0,"d":-Infinity}"#),
    ("a=true,b=False,c=None,d=null", #"{"a":true,"b":false,"c":null,"d":null}"#),
    ("a=4x4,b=none,c=1_000", #"{"a":"4x4","b":"none","c":"1_000"}"#),
    (
      #"a=["S,F","F]"],b={"c":[1,2]},d="3",e=x=y"#,
      #"{"a":["S,F","F]"],"b":{"c":[1,2]},"d":"3","e":"x=y"}"#
    ),
  ])
  func `values are numbers, truth values, JSON and text`(text: String, json: String) throws {
    #expect(try KeywordArguments(parsing: text).json == json)
  }

  @Test(arguments: [
    ("size", "'size' is not an argument"), ("size=", "'size=' is not an argument"),
    ("a=1,a=2", "a is given more than once"), ("a=[1,b=2", "a=[1,b=2 is not JSON"),
  ])
  func `malformed arguments are refused`(text: String, words: String) throws {
    let error = try #require(throws: InvalidEnvironmentArguments.self) {
      try EnvironmentConfiguration("gym:CartPole-v1", arguments: text).validate()
    }
    #expect(error.description.contains(words), "\(error)")
    #expect(error.option == "env-args")
  }

  @Test(arguments: [
    ("minigrid.wrappers.ImgObsWrapper", "minigrid.wrappers.ImgObsWrapper", "{}"),
    ("mine:Outer.Inner", "mine:Outer.Inner", "{}"),
    ("a.b.C:size=4,name=x:y", "a.b.C", #"{"size":4,"name":"x:y"}"#),
    ("a.b:C:size=4", "a.b:C", #"{"size":4}"#),
  ])
  func `a wrapper is a class and its arguments`(
    text: String, target: String, json: String
  ) throws {
    let call = try PythonCall(parsing: text)
    #expect(call.target == target && call.arguments.json == json)
  }

  @Test(arguments: [
    "ImgObsWrapper", "", "a b.C", "mine:", "mine:4", "a.C:size:4", "Wrapper:size=4",
  ])
  func `a malformed wrapper is refused`(text: String) throws {
    let error = try #require(throws: InvalidEnvironmentArguments.self) {
      try EnvironmentConfiguration("gym:CartPole-v1", gymnasiumWrappers: [text]).validate()
    }
    #expect(error.option == "gym-wrap", "\(error)")
  }

  @Test func `wrappers in Python are for environments of Gymnasium only`() throws {
    let error = try #require(throws: InvalidEnvironmentArguments.self) {
      try EnvironmentConfiguration("CartPole-v1", gymnasiumWrappers: ["a.B"]).validate()
    }
    #expect(
      error.description == "--gym-wrap is for environments of Gymnasium: leave it out, and train "
        + "CartPole-v1 with --wrap.")
  }

  @Test func `a list is split into its wrappers`() {
    let text = #"a.B:c=1,d=["x,y",2],e:F,g.H:i=2"#
    #expect(PythonCall.list(text) == [#"a.B:c=1,d=["x,y",2]"#, "e:F", "g.H:i=2"])
  }
}

/// Tests of making environments with arguments and wrappers.
@Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"), .timeLimit(.minutes(10)))
struct GymnasiumMakingTests {
  let cases: PythonEnvironments

  init() throws {
    cases = try PythonEnvironments()
    try cases.add(
      "making",
      """
      import gymnasium as gym, numpy as np
      class Told(gym.Env):
          observation_space = gym.spaces.Box(-1e6, 1e6, (2,), np.float64)
          action_space = gym.spaces.Discrete(2)
          def __init__(self, number=1, words=(), is_on=False):
              self.state = np.array([number + 10 * is_on, len(words)], np.float64)
          def reset(self, *, seed=None, options=None): return self.state, {}
          def step(self, action): return self.state, 1.0, False, False, {}
      gym.register("Told-v0", Told)

      class Scaled(gym.ObservationWrapper):
          def __init__(self, env, by=2):
              if by == 0:
                  raise ValueError("nothing would be left")
              super().__init__(env)
              self.by = by
          def observation(self, observation): return observation * self.by

      class Raised(gym.ObservationWrapper):
          def observation(self, observation): return observation + 1

      def nothing(env): return None
      """)
  }

  private func numbers(arguments: String = "", wrappers: [String] = []) throws -> [Double] {
    let stage = Stage(
      try GymnasiumBatch(
        "making:Told-v0", streams: [PCG64(seed: 0)], arguments: arguments, wrappers: wrappers,
        python: cases.python), stepCount: 1)
    try stage.reset()
    let row = stage.fragment.obs(as: Double.self)
    return [row[0, 0, 0], row[0, 0, 1]]
  }

  @Test func `an environment is made with the arguments that were given`() throws {
    #expect(try numbers() == [1, 0])
    #expect(try numbers(arguments: #"number=2.5,is_on=true,words=["a","b"]"#) == [12.5, 2])
  }

  @Test func `an unknown argument is told in Gymnasium's words`() throws {
    let error = try #require(throws: GymnasiumError.self) { try numbers(arguments: "size=8") }
    #expect(error.kind == .environment)
    let words =
      "'making:Told-v0' cannot be made: Told.__init__() got an unexpected keyword argument 'size'"
    #expect(error.description.hasPrefix(words), "\(error)")
  }

  @Test func `wrappers are put around it in their order`() throws {
    #expect(try numbers(wrappers: ["making:Scaled:by=3", "making.Raised"]) == [4, 1])
    #expect(try numbers(wrappers: ["making.Raised", "making.Scaled"]) == [4, 2])
  }

  @Test(arguments: [
    ("making.Missing", "there is no wrapper making.Missing: module 'making' has no attribute"),
    (
      "nowhere.Wrapper",
      "there is no Python module 'nowhere' for the wrapper nowhere.Wrapper; write"
    ),
    (
      "making:Scaled:by=0",
      "the wrapper making:Scaled cannot be put around 'making:Told-v0': ValueError: nothing would"
    ),
    ("making:Scaled:to=0", "unexpected keyword argument 'to'"),
    ("making:nothing", "the wrapper making:nothing made None, but an environment is needed"),
  ])
  func `a wrapper that cannot be used is named`(wrapper: String, words: String) throws {
    let error = try #require(throws: GymnasiumError.self) { try numbers(wrappers: [wrapper]) }
    #expect(error.kind == .environment)
    #expect(error.description.contains(words), "\(error)")
  }
}
