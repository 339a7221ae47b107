import Foundation
import Glibc
import Rollout
import TestSupport
import Testing

/// Tests of faults in one half of a batch while both halves step.
@Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"), .timeLimit(.minutes(10)))
struct GymnasiumOverlapTests {
  let cases: PythonEnvironments

  init() throws { cases = try PythonEnvironments() }

  /// Four environments in two halves.
  private struct Halves {
    let stage: Stage
    let batch: GymnasiumBatch
    let one = 0..<2
    let other = 2..<4

    init(_ id: String, python: String) throws {
      batch = try GymnasiumBatch(
        "rlplay_cases:\(id)", streams: (0..<4).map { PCG64(seed: $0) }, python: python)
      stage = Stage(batch, stepCount: 5)
      try stage.reset()
    }

    func begin(_ t: Int, _ range: Range<Int>) {
      for index in range { stage.fragment.act(as: Int32.self)[t + 1, index] = 10 }
      batch.beginStep(stage.fragment, from: t, sticky: false, of: range)
    }

    func finish(_ t: Int, _ range: Range<Int>) throws {
      try batch.finishStep(
        stage.fragment, from: t, sticky: false, of: range, position: stage.position)
    }

    /// Makes two steps of the other half; its third one is the next.
    func playOther() throws {
      for t in 0..<2 {
        begin(t, other)
        try finish(t, other)
      }
    }
  }

  @Test func `replies to one half are kept while the other half is waited for`() throws {
    let halves = try Halves("Counter-v0", python: cases.python)
    halves.begin(0, halves.one)
    halves.begin(0, halves.other)
    try halves.finish(0, halves.other)
    halves.begin(1, halves.other)
    try halves.finish(1, halves.other)
    try halves.finish(0, halves.one)
    let obs = halves.stage.fragment.obs(as: Float.self)
    #expect((0..<4).map { obs[1, $0] } == [1, 1, 1, 1])
    #expect((2..<4).map { obs[2, $0] } == [2, 2])
    #expect((0..<4).map { halves.stage.fragment.rew[1, $0] } == [10, 10, 10, 10])
  }

  @Test func `an exception in one half is told when that half is waited for`() throws {
    let halves = try Halves("Faulty-raise-v0", python: cases.python)
    try halves.playOther()
    halves.begin(2, halves.other)
    halves.begin(0, halves.one)
    // Python has raised the exception before it makes this step.
    try halves.finish(0, halves.one)
    halves.begin(1, halves.one)
    let error = try #require(throws: EnvironmentFault.self) { try halves.finish(2, halves.other) }
    #expect((error.environment, error.step) == (2, 2))
    #expect(error.description.contains("ValueError: the third step is too much"), "\(error)")
    #expect(halves.stage.marked == .init(environment: 2, step: 2))
    // A reset discards the unfinished step.
    try halves.stage.reset()
    try halves.playOther()
    let obs = halves.stage.fragment.obs(as: Float.self)
    #expect((0..<4).map { obs[0, $0] } == [0, 0, 0, 0])
    #expect((2..<4).map { obs[2, $0] } == [2, 2])
  }

  @Test func `what is no number is told of its own half`() throws {
    let halves = try Halves("Faulty-nan-v0", python: cases.python)
    try halves.playOther()
    halves.begin(0, halves.one)
    halves.begin(2, halves.other)
    try halves.finish(0, halves.one)
    halves.begin(1, halves.one)
    let error = try #require(throws: EnvironmentFault.self) { try halves.finish(2, halves.other) }
    #expect((error.environment, error.step) == (2, 2))
    #expect(error.description.contains("NaN at element 1"), "\(error)")
  }

  @Test func `where one half hangs is marked while the other one is waited for`() throws {
    let halves = try Halves("Faulty-hang-v0", python: cases.python)
    try halves.playOther()
    halves.begin(2, halves.other)
    halves.begin(0, halves.one)
    let (position, python) = (halves.stage.position, halves.batch.pythonProcess)
    let watch = Thread {
      _ = eventually { position.position == .init(environment: 2, step: 2) }
      kill(python, SIGKILL)
    }
    watch.start()
    let error = try #require(throws: EnvironmentFault.self) { try halves.finish(0, halves.one) }
    #expect((error.environment, error.step) == (2, 2))
    #expect(error.description.contains("was killed by signal 9 (SIGKILL)"), "\(error)")
    #expect(halves.stage.marked == .init(environment: 2, step: 2))
  }

  @Test func `a Python that dies in one half is told with its last words`() throws {
    let halves = try Halves("Faulty-exit-v0", python: cases.python)
    try halves.playOther()
    halves.begin(0, halves.one)
    halves.begin(2, halves.other)
    try halves.finish(0, halves.one)
    halves.begin(1, halves.one)
    let error = try #require(throws: EnvironmentFault.self) { try halves.finish(2, halves.other) }
    #expect((error.environment, error.step) == (2, 2))
    #expect(
      error.description.contains("exited with code 7; its last words: about to leave"), "\(error)")
  }
}
