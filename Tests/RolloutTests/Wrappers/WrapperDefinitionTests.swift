import Glibc
import Rollout
import TestSupport
import Testing

/// Each wrapper, and some combinations, compared with a definition for one environment.
struct WrapperDefinitionTests {
  typealias Task = any ReferenceTask

  /// A wrapper of a batch, and its definition for one environment.
  struct Case: Sendable {
    let name: String
    let wrap: @Sendable (any EnvironmentBatch) throws -> any EnvironmentBatch
    let define: @Sendable (any ReferenceTask, _ index: Int) -> any ReferenceTask
    var depth = 1
  }

  private static func noOpStream(_ index: Int) -> PCG64 { PCG64(seed: UInt64(100 + index)) }

  static let cases: [Case] = [
    Case(
      name: "time limit", wrap: { try TimeLimitBatch($0, steps: 4) },
      define: { task, _ in Limited(base: task, limit: 4) }),
    Case(
      name: "action repeat", wrap: { ActionRepeatBatch($0, times: 3) },
      define: { task, _ in Repeating(base: task, times: 3, showsMaximum: false) }),
    Case(
      name: "frame skip", wrap: { try FrameSkipBatch($0, skipping: 3) },
      define: { task, _ in Repeating(base: task, times: 3, showsMaximum: true) }),
    Case(
      name: "frame skip of one", wrap: { try FrameSkipBatch($0, skipping: 1) },
      define: { task, _ in task }),
    Case(
      name: "frame stack", wrap: { try FrameStackBatch($0, depth: 3) },
      define: { task, _ in Stacking(base: task, depth: 3) }, depth: 3),
    Case(
      name: "random no-ops",
      wrap: { RandomNoOpsBatch($0, upTo: 7, streams: (0..<$0.count).map(noOpStream)) },
      define: { Idling(base: $0, largest: 7, stream: noOpStream($1)) }),
    Case(
      name: "lost life", wrap: { try LostLifeBatch(endingEpisodesOf: $0) },
      define: { task, _ in Mortal(base: task) }),
    Case(
      name: "fire on reset", wrap: { try FireOnResetBatch($0) },
      define: { task, _ in Firing(base: task) }),
    Case(
      name: "fire after a lost life",
      wrap: { try FireOnResetBatch(LostLifeBatch(endingEpisodesOf: $0)) },
      define: { task, _ in Firing(base: Mortal(base: task)) }),
    Case(
      name: "shaping", wrap: { try ShapedBatch($0, discount: 0.75) },
      define: { task, _ in Shaping(base: task, discount: 0.75) }),
    Case(
      name: "shaping as in the tutorial",
      wrap: { try ShapedBatch($0, discount: 0.75, end: .tutorial) },
      define: { task, _ in Shaping(base: task, discount: 0.75, endsAsTutorial: true) }),
    Case(
      name: "stack of repeats, limited",
      wrap: {
        try TimeLimitBatch(FrameStackBatch(ActionRepeatBatch($0, times: 2), depth: 2), steps: 3)
      },
      define: { task, _ in
        Limited(
          base: Stacking(base: Repeating(base: task, times: 2, showsMaximum: false), depth: 2),
          limit: 3)
      }, depth: 2),
    Case(
      name: "repeats of a stack",
      wrap: { try ActionRepeatBatch(FrameStackBatch($0, depth: 2), times: 2) },
      define: { task, _ in
        Repeating(base: Stacking(base: task, depth: 2), times: 2, showsMaximum: false)
      }, depth: 2),
    Case(
      name: "everything that an arcade game has",
      wrap: {
        try FrameStackBatch(
          ShapedBatch(
            LostLifeBatch(
              endingEpisodesOf: FrameSkipBatch(
                RandomNoOpsBatch($0, upTo: 3, streams: (0..<$0.count).map(noOpStream)), skipping: 2)
            ),
            discount: 0.5), depth: 4)
      },
      define: { task, index in
        Stacking(
          base: Shaping(
            base: Mortal(
              base: Repeating(
                base: Idling(base: task, largest: 3, stream: noOpStream(index)), times: 2,
                showsMaximum: true)), discount: 0.5), depth: 4)
      }, depth: 4),
    Case(
      name: "no-ops around a limit around lives",
      wrap: {
        RandomNoOpsBatch(
          try TimeLimitBatch(LostLifeBatch(endingEpisodesOf: $0), steps: 3), upTo: 5,
          streams: (0..<$0.count).map(noOpStream))
      },
      define: { task, index in
        Idling(
          base: Limited(base: Mortal(base: task), limit: 3), largest: 5, stream: noOpStream(index))
      }),
  ]

  static let tasks = [
    Flicker(length: 1), Flicker(length: 7), Flicker(length: 6, truncates: true),
    Flicker(length: 11),
  ]

  static func make(
    _ tasks: [any ReferenceTask], depth: Int
  ) throws -> any EnvironmentBatch {
    let space = Space.box(
      shape: depth == 1 ? [3] : [depth, 3], low: -.infinity, high: .infinity)
    return try NativeEnvironmentBatch(streams: tasks.indices.map { PCG64(seed: UInt64($0)) }) {
      DefinedTask(task: tasks[$0], observationSpace: space)
    }
  }

  @Test(arguments: cases.indices, [false, true])
  func `a wrapper does what its definition says`(number: Int, sticky: Bool) throws {
    let (this, tasks) = (Self.cases[number], Self.tasks)
    for stepCount in [1, 9] {
      let wrapped = try this.wrap(Self.make(tasks, depth: 1))
      let defined = try Self.make(
        tasks.indices.map { this.define(tasks[$0], $0) }, depth: this.depth)
      #expect(wrapped.spaces == defined.spaces, "\(this.name)")
      try expectEqual(wrapped, defined, sticky: sticky, stepCount: stepCount, fragments: 12)
    }
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"), arguments: cases.indices)
  func `a step needs no memory`(number: Int) async {
    await #expect(processExitsWith: .success) { [number] in
      let this = Self.cases[number]
      // CartPole has no lives, so `Mortals` adds them. A task without arrays allocates nothing
      // itself.
      let batch = try NativeEnvironmentBatch(streams: [PCG64(seed: 0), PCG64(seed: 1)]) { _ in
        Mortals(base: CartPole())
      }
      let stage = Stage(try this.wrap(batch), stepCount: 20)
      try stage.reset()
      let actions = stage.fragment.act(as: Int32.self)
      for t in 0..<20 { for index in 0..<2 { actions[t + 1, index] = Int32(t & 1) } }
      try stage.play()
      let fragment = stage.fragment
      Exhaustion.exhaustMemory()
      for round in 0..<50 { try stage.play(fragment, sticky: round % 2 == 1) }
      _exit(0)
    }
  }

  @Test(arguments: [(2, [-1, -1, 1]), (3, [-1, 1, 2]), (6, [-1, 1, 2])] as [(Int, [Float])])
  func `an episode begins with actions 1 and 2 if there are as many`(
    actionCount: Int, expected: [Float]
  ) throws {
    let streams = [PCG64(seed: 0)]
    let batch = try NativeEnvironmentBatch(streams: streams) { _ in
      DefinedTask(task: LastActions(), actionCount: actionCount)
    }
    let stage = Stage(try [.fireOnReset].wrap(batch, streams: streams), stepCount: 1)
    try stage.reset()
    #expect(stage.observed(0, 0) == expected)
    // Their rewards are discarded.
    try stage.collect { _, _ in 0 }
    #expect(stage.fragment.rew[1, 0] == 1)
  }

  @Test func `what does not suit is refused in a sentence`() throws {
    let counters = try batch([Counter(length: 3)])
    #expect(throws: SpaceMismatch.self) { try LostLifeBatch(endingEpisodesOf: counters) }
    let cockpit = try NativeEnvironmentBatch(streams: [PCG64(seed: 0)]) { _ in Cockpit() }
    let streams = [PCG64(seed: 0)]
    for wrapper in [
      Wrapper.frameStack(2), .frameSkip(2), .grayScale, .resize(height: 2, width: 2),
      .observationMask(keeping: [0]), .shaping(discount: 0.9), .fireOnReset,
    ] {
      let error = #expect(throws: WrapperError.self) {
        try [wrapper].wrap(cockpit, streams: streams)
      }
      #expect(
        error?.description.hasPrefix("the wrapper \(wrapper) cannot be applied: ") == true,
        "\(String(describing: error))")
    }
  }
}

/// CartPole with lives, which are lost over time.
private struct Mortals: Environment {
  var base: CartPole
  var steps = 0
  var lives: Int? { 100 - steps / 7 % 100 }
  var observationSpace: Space { base.observationSpace }
  var actionSpace: Space { base.actionSpace }
  var observation: SIMD4<Float> { base.observation }

  mutating func reset(using random: inout PCG64) { base.reset(using: &random) }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    steps += 1
    return base.step(action, using: &random)
  }
}
