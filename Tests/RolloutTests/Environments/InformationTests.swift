import Rollout
import Testing

/// An environment that tells its step, the square of it, and the end of an episode after 3 steps.
private struct Teller: Environment {
  struct Told: RecordableStructure {
    var step: Int32 = 0
    var square: Double = 0
    var pair: SIMD2<Float> = .zero
    static let parts: [RecordablePart<Told>] = [.init(\.step), .init(\.square), .init(\.pair)]
  }

  private var steps = 0

  var observationSpace: Space { .box(shape: [], low: 0, high: .infinity) }
  var actionSpace: Space { .discrete(100) }
  var informationSpace: Space {
    .dict([
      .init("step", .box(shape: [], low: 0, high: 9, elementType: .int32)),
      .init(
        "deep", .dict([.init("square", .box(shape: [], low: 0, high: 9, elementType: .float64))])),
      .init("pair", .box(shape: [2], low: 0, high: 9)),
    ])
  }
  var observation: Float { Float(steps) }
  var information: Told {
    Told(step: Int32(steps), square: Double(steps * steps), pair: [Float(steps), 1])
  }

  mutating func reset(using random: inout PCG64) { steps = 0 }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    steps += 1
    return StepOutcome(reward: Double(action), terminated: steps == 3)
  }
}

struct InformationTests {
  private func batch(_ count: Int) throws -> NativeEnvironmentBatch<Teller> {
    try NativeEnvironmentBatch(streams: (0..<count).map { PCG64(seed: UInt64($0)) }) { _ in Teller()
    }
  }

  private func steps(_ stage: Stage) throws -> [Int32] {
    stage.column(try #require(stage.fragment.info("step", as: Int32.self)))
  }

  @Test func `a step tells its information, and the last one that of the ended episode`() throws {
    let stage = Stage(try batch(2), stepCount: 5)
    try stage.reset()
    try stage.collect()
    let fragment = stage.fragment
    #expect(try steps(stage) == [1, 2, 3, 1, 2])
    let squares = try #require(fragment.info("deep.square", as: Double.self))
    #expect(stage.column(squares) == [1, 4, 9, 1, 4])
    #expect(stage.column(try #require(fragment.info("pair")), element: 0) == [1, 2, 3, 1, 2])
    #expect(fragment.info("deep") == nil && fragment.info("nothing") == nil)
  }

  @Test func `an environment that waits tells nothing`() throws {
    let stage = Stage(try batch(1), stepCount: 5)
    try stage.reset()
    try stage.collect(sticky: true)
    #expect(try steps(stage) == [1, 2, 3, 0, 0])
  }

  @Test(arguments: [
    (Wrapper.rewardScale(2), [1, 2, 3, 1, 2, 3]), (.actionRepeat(2), [2, 3, 2, 3, 2, 3]),
    (.actionRepeat(1), [1, 2, 3, 1, 2, 3]),
  ])
  func `a wrapper passes on what its last inner step tells`(
    wrapper: Wrapper, expected: [Int32]
  ) throws {
    let wrapped = try [wrapper].wrap(batch(3), streams: (0..<3).map { PCG64(seed: UInt64($0)) })
    #expect(wrapped.spaces.information == Teller().informationSpace)
    let stage = Stage(wrapped, stepCount: 6)
    try stage.reset()
    try stage.collect()
    #expect(try steps(stage) == expected)
  }

  @Test func `random no-ops of the next episode do not replace what the last step told`() throws {
    let streams = [PCG64(seed: 3)]
    let stage = Stage(
      try [.randomNoOps(upTo: 2)].wrap(batch(1), streams: streams), stepCount: 40)
    try stage.reset()
    try stage.collect()
    let told = try steps(stage)
    for t in 0..<40 where stage.fragment.fin[t + 1, 0] { #expect(told[t] == 3) }
  }

  @Test func `a fragment without information has the layout that it had before`() throws {
    let contents = FragmentContents(spaces: EnvironmentSpaces(of: Teller()), reaction: .empty)
    var silent = contents
    silent.spaces.information = .dict([])
    let layout = FragmentLayout(stepCount: 5, environmentCount: 2, contents: contents)
    let former = FragmentLayout(stepCount: 5, environmentCount: 2, contents: silent)
    #expect(former.info.leaves.isEmpty && layout.info.leaves.count == 3)
    #expect(Array(layout.columns.prefix(former.columns.count)) == former.columns)
  }

  @Test func `information needs a Dict and a type that fits it`() throws {
    struct Unnamed: Environment {
      var space: Space
      var observationSpace: Space { .discrete(2) }
      var actionSpace: Space { .discrete(2) }
      var informationSpace: Space { space }
      let observation = 0
      let information: Float = 0
      mutating func reset(using random: inout PCG64) {}
      mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
        StepOutcome(reward: 0)
      }
    }
    func error(_ space: Space) throws -> String {
      let error = #expect(throws: SpaceMismatch.self) {
        try NativeEnvironmentBatch(streams: [PCG64(seed: 0)]) { _ in Unnamed(space: space) }
      }
      return "\(try #require(error))"
    }
    #expect(try error(.box(shape: [], low: 0, high: 1)).contains("use a Dict"))
    #expect(
      try error(.dict([.init("x", .discrete(2))]))
        .contains("the information of Unnamed, a Float, is stored as [float32]"))
  }

  @Test func `a cube tells that it is solved`() throws {
    let batch = try EnvironmentConfiguration("Cube2x2-v0").makeBatch(
      streams: (0..<4).map { PCG64(seed: UInt64($0)) })
    let stage = Stage(batch, stepCount: 60)
    try stage.reset()
    try stage.collect { t, b in (5 * t + b) % 12 }
    let told = try #require(stage.fragment.info("is_success", as: Bool.self))
    #expect(told.elements == stage.fragment.terminated.elements)
    #expect(told.elements.contains(true) && told.elements.contains(false))
  }

  @Test func `a batch of one's own writes its information through the fragment`() throws {
    final class Own: EnvironmentBatch {
      let count = 2
      let spaces = EnvironmentSpaces(
        observation: .discrete(2), action: .discrete(2),
        information: .dict([.init("x", .box(shape: [], low: 0, high: 9))]))
      func reset(into fragment: FragmentView, row: Int) {}
      func step(
        _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
      ) {
        for index in 0..<count { fragment.info("x")?[t, index] = Float(10 * t + index) }
      }
    }
    let stage = Stage(Own(), stepCount: 2)
    try stage.collect()
    #expect(stage.fragment.info("x")?.elements == [0, 1, 10, 11])
  }
}
