import TestSupport
import Testing

@testable import Rollout

struct WrapperOrderTests {
  @Test(arguments: [
    ("frame-stack=4,frame-skip=4", ["leaves the frames between two actions"]),
    ("frame-stack=4,action-repeat=2", ["leaves the frames between two actions"]),
    ("frame-stack=3,gray-scale", ["takes three frames"]),
    ("frame-stack=4,resize=84x84", ["once for every stack"]),
    ("frame-stack=4,reward-sign,resize=84x84", ["once for every stack"]),
    ("resize=84x84,gray-scale", ["three colors"]),
    ("resize=84x84@a,gray-scale@a", ["three colors"]),
    ("reward-sign,frame-skip=4", ["so that their sum is not"]),
    ("reward-clip=-1:1,action-repeat=4", ["so that their sum is not"]),
    ("fire-on-reset,end-on-lost-life", ["not after a lost life"]),
    ("frame-skip=4,random-noops=30", ["repeats each of the no-ops"]),
    ("end-on-lost-life,random-noops=30", ["after each lost life"]),
    ("frame-skip=4,resize=84x84,gray-scale,random-noops=30", ["three colors", "repeats each"]),
    // The usual orders, and wrappers of different parts.
    (
      "random-noops=30,end-on-lost-life,frame-skip=4,fire-on-reset,resize=84x84,frame-stack=4",
      []
    ),
    (
      "random-noops=30,frame-skip=4,end-on-lost-life,gray-scale,resize=84x84,reward-sign",
      []
    ),
    ("resize=84x84@a,gray-scale@b", []), ("time-limit=9,reward-scale=2,time-limit=5", []),
  ])
  func `an unusual order is told`(text: String, words: [String]) throws {
    let remarks = WrapperOrder.remarks(on: try Wrapper.list(parsing: text))
    #expect(remarks.count == words.count, "\(remarks)")
    for (remark, words) in zip(remarks, words) { #expect(remark.contains(words), "\(remark)") }
  }

  @Test func `a remark names the remedy`() throws {
    let remarks = WrapperOrder.remarks(on: [.rewardSign, .frameSkip(4)])
    #expect(
      remarks == [
        "the wrapper frame-skip=4 around reward-sign adds up rewards that are limited one by one, "
          + "so that their sum is not: name frame-skip=4 before reward-sign"
      ])
  }
}

/// Environments of Atari's, which repeat actions unless told otherwise.
@Suite(.enabled(if: Python.hasAtari, "\(Python.atariAbsence)"), .timeLimit(.minutes(10)))
struct AtariRepetitionTests {
  @Test(arguments: [
    ("", [], "frame-skip=4", "for 4 frames itself"),
    ("frameskip=3", [], "action-repeat=2", "for 3 frames itself"),
    ("frameskip=1", [], "frame-skip=4", nil), ("", [], "reward-sign", nil),
    (
      "frameskip=1", ["gymnasium.wrappers.AtariPreprocessing:frame_skip=2"], "action-repeat=4",
      "for 2 frames itself"
    ),
  ])
  func `an action that is repeated twice is told`(
    arguments: String, inPython: [String], wrapper: String, words: String?
  ) throws {
    var configuration = EnvironmentConfiguration(
      "gym:ale_py/ALE/Pong-v5", arguments: arguments,
      wrappers: [try Wrapper(parsing: wrapper)])
    configuration.gymnasiumWrappers = inPython
    let remarks = configuration.wrapperRemarks(try configuration.spaces())
    #expect(remarks.count == (words == nil ? 0 : 1), "\(remarks)")
    if let words, let remark = remarks.first { #expect(remark.contains(words), "\(remark)") }
  }
}
