import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

@Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"), .timeLimit(.minutes(10)))
struct GymnasiumFaultTests {
  let cases: PythonEnvironments

  init() throws { cases = try PythonEnvironments() }

  func batch(_ id: String, count: Int = 2) throws -> GymnasiumBatch {
    try GymnasiumBatch(
      id, streams: (0..<count).map { PCG64(seed: UInt64($0)) }, python: cases.python)
  }

  /// Faults of the test module's environments in their third step, with words of the errors.
  static let faults = [
    "raise": "ValueError: the third step is too much (rlplay_cases.py, line ",
    "leave": "SystemExit: 3",
    "exit": "exited with code 7; its last words: about to leave",
    "crash": "was killed by signal 11 (SIGSEGV); its last words: about to crash",
    "shape":
      "the observation has the shape (3,), but its space is Box(-1.0, 1000.0, (2,), float32)",
    "dtype": "the observation is of type <U1, but its space is Box(",
    "nan": "the observation is NaN at element 1, but its space is Box(",
    "reward": "the reward is NaN",
    "old": "step returned 4 values, but Gymnasium requires 5",
  ]

  @Test(arguments: faults.keys.sorted())
  func `what goes wrong in a step names environment, step and reason`(fault: String) throws {
    let stage = Stage(try batch("rlplay_cases:Faulty-\(fault)-v0"), stepCount: 5)
    try stage.reset()
    let error = try #require(throws: EnvironmentFault.self) { try stage.collect() }
    #expect(error.environment == 0)
    #expect(error.step == 2)
    #expect(error.description.contains(try #require(Self.faults[fault])), "\(error)")
    // Tracebacks contain no frames of the bridge.
    #expect(!error.description.contains("\"rlplay\""), "\(error)")
  }

  @Test func `an error comes first with its message and its last frame`() throws {
    try cases.add(
      "broken",
      """
      import gymnasium as gym
      def check(number):
          assert number < 0
      class Broken(gym.Env):
          observation_space = gym.spaces.Discrete(2)
          action_space = gym.spaces.Discrete(100)
          def reset(self, *, seed=None, options=None): return 0, {}
          def step(self, action): check(action)
      gym.register("Broken-v0", Broken)
      """)
    let stage = Stage(try batch("broken:Broken-v0"), stepCount: 5)
    try stage.reset()
    let error = try #require(throws: EnvironmentFault.self) { try stage.collect() }
    let words =
      "AssertionError: assert number < 0 (broken.py, line 3, in check)\n"
      + "Traceback (most recent call last):\n"
    #expect(error.description.contains(words), "\(error)")
  }

  @Test func `what goes wrong in a reset counts the step before it`() throws {
    let stage = Stage(try batch("rlplay_cases:Faulty-reset-v0"), stepCount: 5)
    try stage.reset()
    let error = try #require(throws: EnvironmentFault.self) { try stage.collect() }
    #expect(error.step == 3)
    #expect(error.description.contains("KeyError: 'no more episodes'"), "\(error)")
  }

  @Test func `what an environment prints disturbs nothing`() throws {
    let stage = Stage(try batch("rlplay_cases:Faulty-print-v0"), stepCount: 5)
    try stage.reset()
    try stage.collect()
    #expect(stage.column(stage.fragment.stepno) == [0, 1, 2, 3, 4, 5])
  }

  @Test func `an unknown environment is told in Gymnasium's words`() throws {
    let error = try #require(throws: GymnasiumError.self) { try batch("CartPoll-v1") }
    #expect(error.kind == .environment)
    #expect(error.description.hasPrefix("'CartPoll-v1' cannot be made: "), "\(error)")
    #expect(error.description.contains("CartPole"), "\(error)")
    #expect(!error.description.contains("\n"))
  }

  @Test func `a module that is not there is named`() throws {
    let error = try #require(throws: GymnasiumError.self) { try batch("nosuch/ALE/Pong-v5") }
    #expect(error.kind == .environment)
    #expect(
      error.description == "there is no Python module 'nosuch' to import for 'nosuch/ALE/Pong-v5'")
  }

  @Test func `a module before the name is imported first`() throws {
    #expect(try batch("rlplay_cases/Counter-v0").count == 2)
    #expect(try batch("rlplay_cases/cases/Counter-v1").count == 2)
  }

  @Test func `a Python that is not there is named with the option`() throws {
    let error = try #require(throws: GymnasiumError.self) {
      try GymnasiumBatch("CartPole-v1", streams: [PCG64(seed: 0)], python: "/nowhere/python3")
    }
    #expect(error.kind == .python)
    #expect(
      error.description.contains("'/nowhere/python3'") && error.description.contains("--python"))
  }

  @Test func `a Python without Gymnasium is told how to get it`() throws {
    let scratch = try ScratchDirectory()
    let python = scratch.path("python")
    // Without site-packages and PYTHONPATH there is only the standard library.
    try ShellScript.write("exec python3 -I -S \"$@\"", to: python)
    let error = try #require(throws: GymnasiumError.self) {
      try GymnasiumBatch("CartPole-v1", streams: [PCG64(seed: 0)], python: python)
    }
    #expect(error.kind == .python)
    #expect(error.description.contains("python3 -m pip install gymnasium"), "\(error)")
  }

  @Test func `a program that is no Python is reported with its exit`() throws {
    let error = try #require(throws: GymnasiumError.self) {
      try GymnasiumBatch("CartPole-v1", streams: [PCG64(seed: 0)], python: "/bin/false")
    }
    #expect(error.kind == .process)
    #expect(error.description.contains("exited with code 1"), "\(error)")
  }

  @Test func `where an environment hangs is marked, and its Python's death reported`() throws {
    let stage = Stage(try batch("rlplay_cases:Faulty-hang-v0"), stepCount: 5)
    try stage.reset()
    let python = try #require(stage.batch as? GymnasiumBatch).pythonProcess
    let position = stage.position
    let watch = Thread {
      _ = eventually { position.position == .init(environment: 0, step: 2) }
      kill(python, SIGKILL)
    }
    watch.start()
    let error = try #require(throws: EnvironmentFault.self) { try stage.collect() }
    #expect((error.environment, error.step) == (0, 2))
    #expect(error.description.contains("was killed by signal 9 (SIGKILL)"), "\(error)")
    #expect(stage.marked == .init(environment: 0, step: 2))
  }

  @Test func `a Python that does not answer in time is killed`() throws {
    let batch = try GymnasiumBatch(
      "rlplay_cases:Faulty-hang-v0", streams: [PCG64(seed: 0)], python: cases.python,
      hangTimeoutSeconds: 6)
    let stage = Stage(batch, stepCount: 5)
    try stage.reset()
    let error = try #require(throws: EnvironmentFault.self) { try stage.collect() }
    #expect((error.environment, error.step) == (0, 2))
    #expect(error.description.contains("because it did not answer for 6.0 s"), "\(error)")
    #expect(!ProcessTable.isRunning(batch.pythonProcess))
  }

  @Test func `an interruption at the terminal is not for Python`() throws {
    let stage = Stage(try batch("rlplay_cases:Counter-v0"), stepCount: 2)
    kill(try #require(stage.batch as? GymnasiumBatch).pythonProcess, SIGINT)
    try stage.reset()
    try stage.collect()
    #expect(stage.column(stage.fragment.stepno) == [0, 1, 2])
  }

  @Test func `a batch that goes takes its Python along`() throws {
    var pids: [Int32] = []
    for _ in 0..<3 { pids.append(try batch("rlplay_cases:Counter-v0").pythonProcess) }
    #expect(pids.allSatisfy { !ProcessTable.unreaped(of: getpid()).contains($0) })
    #expect(pids.allSatisfy { !ProcessTable.isRunning($0) })
  }
}
