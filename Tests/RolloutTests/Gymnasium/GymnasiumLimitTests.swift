import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

/// Time limits: for each environment, and not for the batch.
@Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"), .timeLimit(.minutes(10)))
struct GymnasiumLimitTests {
  let cases: PythonEnvironments

  init() throws {
    cases = try PythonEnvironments()
    try cases.add(
      "slow",
      """
      import os, subprocess, time
      import gymnasium as gym, numpy as np
      made = []

      class Slow(gym.Env):
          observation_space = gym.spaces.Box(-1, 1, (3,), np.float32)
          action_space = gym.spaces.Discrete(100)
          def __init__(self, **seconds):
              self.seconds, self.index = seconds, len(made)
              made.append(self)
              self.child = subprocess.Popen(
                  ["sleep", "1000"], start_new_session="leaves" in seconds)
              self.log(f"child {self.child.pid}")
              self.wait("make")
          def log(self, text):
              with open(os.path.join(os.path.dirname(__file__), "log"), "a") as file:
                  file.write(text + "\\n")
          def wait(self, what):
              seconds = self.seconds.get(what, 0)
              if seconds == "hang":
                  seconds = 1000 if self.index == 1 else 0
              time.sleep(seconds)
          def reset(self, *, seed=None, options=None):
              self.wait("reset")
              return np.zeros(3, np.float32), {}
          def step(self, action):
              self.wait("step")
              return np.zeros(3, np.float32), 1.0, False, False, {}
          def close(self):
              self.wait("close")
              self.child.terminate()
              self.log("closed")
      for what in ("make", "reset", "step", "close"):
          gym.register(f"Slow-{what}-v0", Slow, kwargs={what: 2.2})
          gym.register(f"Hang-{what}-v0", Slow, kwargs={what: "hang"})
      """)
  }

  func batch(
    _ id: String, count: Int = 3, hangTimeoutSeconds: Double? = 6, closeTimeoutSeconds: Double? = 6,
    marker: OwnedPositionMarker = .unread
  ) throws -> GymnasiumBatch {
    try GymnasiumBatch(
      "slow:\(id)-v0", streams: (0..<count).map { PCG64(seed: UInt64($0)) }, python: cases.python,
      hangTimeoutSeconds: hangTimeoutSeconds, closeTimeoutSeconds: closeTimeoutSeconds,
      marker: marker)
  }

  /// The processes that environments started.
  var children: [Int32] {
    cases.text("log").split(separator: "\n").filter { $0.hasPrefix("child ") }
      .compactMap { Int32($0.dropFirst(6)) }
  }

  var closedCount: Int {
    cases.text("log").split(separator: "\n").filter { $0 == "closed" }.count
  }

  var childrenAreGone: Bool {
    eventually(within: 5) { children.allSatisfy { !ProcessTable.isRunning($0) } }
  }

  @Test(arguments: ["make", "reset", "step", "close"])
  func `what is slow for each environment is no hang of the batch`(what: String) throws {
    do {
      let stage = Stage(try batch("Slow-\(what)"), stepCount: 1)
      try stage.reset()
      try stage.collect()
    }
    #expect(children.count == 3 && closedCount == 3)
    #expect(childrenAreGone)
  }

  @Test func `an environment that hangs while it is made is named with the option`() throws {
    let error = try #require(throws: GymnasiumError.self) { try batch("Hang-make") }
    #expect(error.kind == .process)
    #expect(
      error.description.contains(
        "did not answer for 6.0 s while making environment 1: give a longer --hang-timeout"),
      "\(error)")
    #expect(children.count == 2 && childrenAreGone)
  }

  @Test(arguments: [("reset", "while resetting environment 1"), ("step", "for 6.0 s:")])
  func `an environment that hangs later is named with what it did`(
    what: String, words: String
  ) throws {
    let stage = Stage(try batch("Hang-\(what)"), stepCount: 1)
    let error = try #require(throws: EnvironmentFault.self) {
      try stage.reset()
      try stage.collect()
    }
    #expect(error.environment == 1)
    #expect(error.description.contains(words), "\(error)")
    #expect(childrenAreGone)
  }

  @Test func `an environment that does not close is killed, and what it started`() throws {
    let began = SystemCalls.monotonicNanoseconds()
    _ = try batch("Hang-close")
    #expect(Double(SystemCalls.monotonicNanoseconds() - began) / 1e9 < 20)
    // The first was closed, the second hung.
    #expect(children.count == 3 && closedCount == 1)
    #expect(childrenAreGone)
  }

  @Test func `what environments started goes with a Python that is killed`() throws {
    let batch = try batch("Slow-step", hangTimeoutSeconds: nil)
    #expect(children.count == 3)
    kill(batch.pythonProcess, SIGKILL)
    let stage = Stage(batch, stepCount: 1)
    #expect(throws: EnvironmentFault.self) { try stage.reset() }
    #expect(childrenAreGone)
  }

  @Test func `making, resetting and closing are marked`() throws {
    let cell = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
    defer { cell.deallocate() }
    cell.initializeMemory(as: UInt64.self, repeating: 0, count: 8)
    let marker = PositionMarker(cell.word(at: 0))
    var batch: GymnasiumBatch? = try batch(
      "Slow-reset", hangTimeoutSeconds: nil, marker: OwnedPositionMarker(marker, owner: nil))
    #expect(marker.position == .init(.making, environment: 2))
    try batch.map { try Stage($0, stepCount: 1).reset() }
    #expect(marker.position?.activity == .resetting)
    batch = nil
    #expect(marker.position == .init(.closing, environment: 2))
  }
}
