import Rollout
import Testing

/// Environments with several leaves, and environments with values that do not fit their spaces.
struct NestedSpacesTests {
  func stage(_ stepCount: Int) throws -> Stage {
    let streams = [PCG64(seed: 0), PCG64(seed: 1)]
    return Stage(
      try NativeEnvironmentBatch(streams: streams) { Cockpit(length: 2 + $0) },
      stepCount: stepCount)
  }

  func collect(_ stage: Stage, sticky: Bool) throws {
    let layout = stage.storage.layout
    for t in 0..<layout.stepCount {
      for index in 0..<2 {
        let controls = Controls(gear: t, stick: [0, Float(index) / 2])
        controls.store(in: stage.leaves(layout.act, row: t + 1, environment: index))
      }
      try stage.batch.step(stage.fragment, from: t, sticky: sticky, position: stage.position)
    }
  }

  @Test func `every leaf is recorded`() throws {
    let stage = try stage(4)
    try stage.reset()
    try collect(stage, sticky: false)
    let layout = stage.storage.layout
    func dashboard(_ columns: Nested<Column>, _ row: Int, _ index: Int) -> Dashboard {
      Dashboard(loading: stage.leaves(columns, row: row, environment: index))
    }
    // Episodes of 2 steps and of 3.
    #expect((0...4).map { dashboard(layout.obs, $0, 0) } == [0, 1, 0, 1, 0].map(Dashboard.init))
    #expect((0...4).map { dashboard(layout.obs, $0, 1) } == [0, 1, 2, 0, 1].map(Dashboard.init))
    #expect(dashboard(layout.finalObs, 1, 0) == Dashboard(count: 2))
    #expect(dashboard(layout.finalObs, 2, 1) == Dashboard(count: 3))
    #expect((1...4).map { stage.fragment.rew[$0, 1] } == [0.5, 1.5, 2.5, 3.5])
  }

  @Test func `every leaf is repeated in a sticky fragment`() throws {
    let stage = try stage(4)
    try stage.reset()
    try collect(stage, sticky: true)
    for row in 2...4 {
      let layout = stage.storage.layout
      let leaves = stage.leaves(layout.obs, row: row, environment: 0)
      #expect(Dashboard(loading: leaves) == Dashboard(count: 0))
      let act = Controls(loading: stage.leaves(layout.act, row: row, environment: 0))
      #expect(act == Controls(gear: 1, stick: [0, 0]))
    }
  }

  struct Misfit: Environment {
    var observationSpace: Space = .box(shape: [4], low: -1, high: 1)
    var actionSpace: Space = .discrete(2)
    var observation: SIMD4<Float> { [0, 0, 0, 0] }
    mutating func reset(using random: inout PCG64) {}
    mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
      StepOutcome(reward: 0)
    }
  }

  func mismatch(_ members: Misfit...) throws -> String {
    try #require(throws: SpaceMismatch.self) {
      _ = try NativeEnvironmentBatch(
        streams: members.map { _ in PCG64(seed: 0) }, make: { members[$0] })
    }.description
  }

  @Test func `types that do not fit their spaces are named`() throws {
    let double = Space.box(shape: [4], low: -1, high: 1, elementType: .float64)
    #expect(
      try mismatch(Misfit(observationSpace: double)) == """
        the observation of Misfit, a SIMD4<Float>, is stored as [float32], but its space \
        Box(-1.0, 1.0, [4], float64) takes [float64]
        """)
    #expect(
      try mismatch(Misfit(actionSpace: .tuple([.discrete(2), .discrete(3)]))) == """
        the action of Misfit, a Int, is stored as [int32], but its space \
        Tuple(Discrete(2), Discrete(3)) takes [int32, int32]
        """)
    #expect(
      try mismatch(Misfit(actionSpace: .multiDiscrete([])))
        == "the action of Misfit has the space MultiDiscrete([]), which has no elements")
  }

  @Test func `a batch is of one kind`() throws {
    let message = try mismatch(Misfit(), Misfit(actionSpace: .discrete(3)))
    #expect(message.hasPrefix("environment 1 of the batch has the spaces"))
  }

  @Test func `a vector of another length than its space ends with a sentence`() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let short = Misfit(observationSpace: .box(shape: [3], low: -1, high: 1))
      let batch = try NativeEnvironmentBatch(streams: [PCG64(seed: 0)]) { _ in short }
      try Stage(batch, stepCount: 1).reset()
    }
    let output = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(
      output.contains(
        "a value of 4 × Float does not fit its space, whose leaf has 3 elements in 12 bytes"))
  }
}

extension Stage {
  /// Returns the leaves of one environment in a row.
  func leaves(_ columns: Nested<Column>, row: Int, environment: Int) -> LeafRow {
    // The columns lie in the layout's array, which lives as long as the stage.
    let first = storage.layout.columns.firstIndex(of: columns.leaves[0])!
    let columns = storage.layout.columns.withUnsafeBufferPointer { $0.baseAddress! + first }
    return LeafRow(
      base: fragment.base, columns: columns, row: row, environment: environment)
  }
}
