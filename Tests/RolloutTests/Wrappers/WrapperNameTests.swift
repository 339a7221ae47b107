import Rollout
import Testing

struct WrapperNameTests {
  @Test(arguments: [
    ("time-limit=200", Wrapper.timeLimit(200)), ("action-repeat=4", .actionRepeat(4)),
    ("frame-skip=4", .frameSkip(4)), ("random-noops=0", .randomNoOps(upTo: 0)),
    ("end-on-lost-life", .endOnLostLife), ("fire-on-reset", .fireOnReset),
    ("only=image,camera.left", .only(["image", "camera.left"])),
    ("without=mission", .without(["mission"])),
    ("observation-mask=2,0", .observationMask(keeping: [2, 0])),
    ("gray-scale", .grayScale), ("resize=84x96", .resize(height: 84, width: 96)),
    ("observation-mask=2,0@state", .observationMask(keeping: [2, 0], at: "state")),
    ("gray-scale@camera.left", .grayScale(at: "camera.left")),
    ("resize=84x96@1", .resize(height: 84, width: 96, at: "1")),
    ("frame-stack=4@a=b@c", .frameStack(4, at: "a=b@c")),
    ("frame-stack=4", .frameStack(4)), ("reward-scale=-0.1", .rewardScale(-0.1)),
    ("reward-clip=-1:1", .rewardClip(-1...1)), ("reward-clip=-inf:5", .rewardClip(-.infinity...5)),
    ("reward-sign", .rewardSign), ("shaping=0.99", .shaping(discount: 0.99)),
    ("shaping=0.9:tutorial", .shaping(discount: 0.9, end: .tutorial)),
    ("observation-normalization", .observationNormalization),
    ("reward-normalization", .rewardNormalization()),
    ("reward-normalization=0.95", .rewardNormalization(discount: 0.95)),
  ])
  func `a name and its argument are read and written alike`(text: String, wrapper: Wrapper) throws {
    #expect(try Wrapper(parsing: text) == wrapper)
    #expect(wrapper.description == text)
  }

  @Test(arguments: [
    ("grey-scale@image", "gray-scale@image"),  // former name
    ("observation-normalisation", "observation-normalization"),  // former name
    ("reward-normalisation=0.95", "reward-normalization=0.95"),  // former name
  ])
  func `a name of release 0.1 is read and written as today's`(former: String, text: String) throws {
    #expect(try Wrapper(parsing: former).description == text)
  }

  @Test(arguments: [
    ("", "names '', which is not one of time-limit, "),
    ("frame-stak=4", "Did you mean frame-stack?"),
    ("time-limit", "'time-limit', but time-limit needs a whole number from 1 to"),
    ("time-limit=0", "write it like time-limit=200."), ("time-limit=1.5", "a whole number"),
    ("observation-mask=", "distinct whole numbers"), ("observation-mask=1,1", "distinct"),
    ("observation-mask=-1", "at least 0"), ("resize=84", "resize=84x84"),
    ("resize=0x84", "resize=84x84"), ("reward-scale=inf", "finite"),
    ("reward-clip=1:-1", "smaller one"),
    ("reward-clip=nan:1", "smaller one"), ("reward-sign=1", "takes no argument"),
    ("time-limit=9@image", "time-limit takes no part of an observation: leave '@image' out"),
    ("gray-scale@", "write it like gray-scale@image"), ("gray-scale=1@image", "no argument"),
    ("shaping=1.1", "from 0 to 1"), ("shaping=2:tutorial", "from 0 to 1"),
    ("shaping=0.9:", "from 0 to 1"), ("shaping=:tutorial", "from 0 to 1"),
    ("reward-normalization=2", "from 0 to 1, or none"),
    ("observation-normalization@image", "takes no part of an observation"),
  ])
  func `what names no wrapper is said`(text: String, words: String) {
    let error = #expect(throws: WrapperError.self) { try Wrapper(parsing: text) }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    #expect(error?.description.hasSuffix(".") == true || words.hasSuffix("?"))
  }

  @Test func `a list is told apart where a part begins with a letter`() throws {
    #expect(
      try Wrapper.list(parsing: "observation-mask=0,2,frame-stack=4,reward-sign")
        == [.observationMask(keeping: [0, 2]), .frameStack(4), .rewardSign])
    #expect(
      try Wrapper.list(parsing: "observation-mask=0,2@state,gray-scale@image,frame-stack=4@image")
        == [
          .observationMask(keeping: [0, 2], at: "state"), .grayScale(at: "image"),
          .frameStack(4, at: "image"),
        ])
  }

  @Test func `the innermost time limits are the environment's own, and only shorten`() throws {
    let wrappers: [Wrapper] = [.timeLimit(50), .timeLimit(70), .rewardSign, .timeLimit(20)]
    #expect(wrappers.innermostLimit(500) == 50)
    #expect(wrappers.innermostLimit(30) == 30)
    #expect(wrappers.innermostLimit(nil) == 50)
    #expect([Wrapper.rewardSign, .timeLimit(5)].innermostLimit(nil) == nil)
    let streams = [PCG64(seed: 0)]
    let batch = try EnvironmentConfiguration("CartPole-v1", wrappers: [.timeLimit(5)])
      .makeBatch(streams: streams)
    #expect(!(batch is WrappedBatch))
    let stage = Stage(batch, stepCount: 6)
    try stage.reset()
    try stage.collect { t, _ in t % 2 }
    #expect(stage.column(stage.fragment.truncated) == [false, false, false, false, true, false])
  }

  @Test func `a wrapper's stream follows from the environment's and leaves it alone`() throws {
    let streams = (0..<2).map { PCG64(seed: $0) }
    func first(_ wrappers: [Wrapper]) throws -> [[Float]] {
      let stage = Stage(
        try EnvironmentConfiguration("CartPole-v1", wrappers: wrappers).makeBatch(streams: streams),
        stepCount: 1)
      try stage.reset()
      return (0..<2).map { stage.observed(0, $0) }
    }
    #expect(try first([.randomNoOps(upTo: 0)]) == first([]))
    #expect(try first([.randomNoOps(upTo: 6)]) == first([.randomNoOps(upTo: 6)]))
    #expect(try first([.randomNoOps(upTo: 6)]) != first([]))
  }
}
