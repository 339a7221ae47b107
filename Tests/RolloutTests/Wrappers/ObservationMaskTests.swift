import Glibc
import Rollout
import TestSupport
import Testing

struct ObservationMaskTests {
  /// An environment with any single-leaf observation: element i is 10 · steps + i.
  struct Panel<Observation: Recordable & Sendable>: Environment {
    var observationSpace: Space
    var make: @Sendable (Int) -> Observation
    var steps = 0

    var actionSpace: Space { .discrete(2) }
    var observation: Observation { make(steps) }

    mutating func reset(using random: inout PCG64) { steps = 0 }

    mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
      steps += 1
      return StepOutcome(reward: Double(action), terminated: steps == 3, truncated: steps == 2)
    }
  }

  @Test func `CartPoleNoVel is CartPole without its velocities, bit for bit`() throws {
    let streams = RandomStreams(seed: 5, worker: 0, incarnation: 0)
    let whole = Stage(
      try EnvironmentConfiguration("CartPole-v1").makeBatch(count: 3, streams: streams),
      stepCount: 600)
    let part = Stage(
      try EnvironmentConfiguration("CartPoleNoVel-v1").makeBatch(count: 3, streams: streams),
      stepCount: 600)
    for stage in [whole, part] {
      try stage.reset()
      // Pushes against the fall and outlasts the limit; environment 2 alternates and falls.
      let obs = whole.fragment.obs(as: Float.self)
      try stage.collect { t, index in
        index == 2 ? t & 1 : obs[t, index, 2] + obs[t, index, 3] > 0 ? 1 : 0
      }
    }
    let (a, b) = (whole.fragment, part.fragment)
    #expect(a.rew.elements == b.rew.elements)
    #expect(a.fin.elements == b.fin.elements)
    #expect(a.stepno.elements == b.stepno.elements)
    #expect(a.terminated.elements == b.terminated.elements)
    #expect(a.truncated.elements == b.truncated.elements)
    #expect(b.terminated.elements.contains(true) && b.truncated.elements.contains(true))
    func compare(_ whole: ColumnView<Float>, _ part: ColumnView<Float>) {
      #expect(part.elementCount == 2)
      for row in 0..<part.rowCount {
        for index in 0..<3 {
          #expect(part[row, index, 0].bitPattern == whole[row, index, 0].bitPattern)
          #expect(part[row, index, 1].bitPattern == whole[row, index, 2].bitPattern)
        }
      }
    }
    compare(a.obs(as: Float.self), b.obs(as: Float.self))
    compare(
      a.column(try #require(a.layout.finalObs.value)),
      b.column(try #require(b.layout.finalObs.value)))
  }

  @Test func `CartPoleNoVel emits two numbers and is cut after 500 steps`() throws {
    let specification = try EnvironmentRegistry().environment("CartPoleNoVel-v1")
    #expect(specification.maximumEpisodeSteps == 500)
    #expect(
      try specification.spaces
        == EnvironmentSpaces(
          observation: .box(shape: [2], low: -.infinity, high: .infinity), action: .discrete(2)))
  }

  @Test func `elements come in the order in which they are named`() throws {
    let panels = try NativeEnvironmentBatch(streams: [PCG64(seed: 0)]) { _ in
      Panel(observationSpace: .box(shape: [2, 3], low: 0, high: 255, elementType: .uint8)) {
        steps in
        (0..<6).map { UInt8(10 * steps + $0) }
      }
    }
    let masked = Stage(try ObservationMaskBatch(panels, keeping: [5, 0, 3]), stepCount: 2)
    #expect(
      masked.batch.spaces.observation
        == .box(shape: [3], low: 0, high: 255, elementType: .uint8))
    try masked.reset()
    let observation = masked.fragment.obs(as: UInt8.self)
    #expect((0..<3).map { observation[0, 0, $0] } == [5, 0, 3])
    try masked.collect { t, _ in 1 - t }
    #expect((0..<3).map { observation[1, 0, $0] } == [15, 10, 13])
    #expect(masked.column(masked.fragment.rew) == [0, 1, 0])
    #expect(masked.column(masked.fragment.truncated) == [false, true])
    #expect(masked.column(masked.fragment.terminated) == [false, false])
  }

  @Test func `a mask of a mask is recorded in its own element type`() throws {
    let panels = try NativeEnvironmentBatch(streams: [PCG64(seed: 0), PCG64(seed: 1)]) { _ in
      Panel(observationSpace: .box(shape: [4], low: 0, high: 99, elementType: .float64)) {
        SIMD4<Double>(0, 1, 2, 3) + Double(10 * $0)
      }
    }
    let stage = Stage(
      try ObservationMaskBatch(
        ObservationMaskBatch(panels, keeping: [3, 2, 0]), keeping: [2, 0]),
      stepCount: 2)
    try stage.reset()
    try stage.collect { _, _ in 1 }
    let obs = stage.fragment.obs(as: Double.self)
    #expect(obs.elements == [0, 3, 0, 3, 10, 13, 10, 13, 0, 3, 0, 3])
    // An inline array loads the values that it stored.
    let leaves = stage.leaves(stage.storage.layout.obs, row: 1, environment: 1)
    let loaded = InlineArray<2, Double>(loading: leaves)
    #expect(loaded[0] == 10 && loaded[1] == 13)
  }

  static let unfitting: [(Space, String)] = [
    (
      .box(shape: [2], low: 0, high: 1),
      "cannot be kept: Box(0.0, 1.0, [2], float32) has the elements 0 to 1"
    ),
    (.discrete(3), "Discrete(3), cannot be masked: it must be a Box"),
  ]

  @Test(arguments: unfitting)
  func `what cannot be masked is said`(_ space: Space, _ message: String) throws {
    let streams = [PCG64(seed: 0)]
    let batch: any EnvironmentBatch
    if case .discrete = space {
      batch = try NativeEnvironmentBatch(streams: streams) { _ in
        Panel(observationSpace: space) { _ in 0 }
      }
    } else {
      batch = try NativeEnvironmentBatch(streams: streams) { _ in
        Panel(observationSpace: space) { _ in SIMD2<Float>() }
      }
    }
    let error = #expect(throws: SpaceMismatch.self) {
      try ObservationMaskBatch(batch, keeping: [1, 2])
    }
    #expect(error?.description.hasSuffix(message) == true, "\(error as Any)")
  }

  @Test func `an element is named once and not from the end`() throws {
    let carts = try NativeEnvironmentBatch(streams: [PCG64(seed: 0)]) { _ in CartPole() }
    #expect(throws: SpaceMismatch.self) { try ObservationMaskBatch(carts, keeping: [0, 2, 0]) }
    #expect(throws: SpaceMismatch.self) { try ObservationMaskBatch(carts, keeping: [-1]) }
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `a step of CartPoleNoVel needs no memory`() async {
    await #expect(processExitsWith: .success) {
      let stage = Stage(
        try EnvironmentConfiguration("CartPoleNoVel-v1").makeBatch(
          streams: [PCG64(seed: 0), PCG64(seed: 1)]),
        stepCount: 50)
      try stage.reset()
      let actions = stage.fragment.act(as: Int32.self)
      for t in 0..<50 { for index in 0..<2 { actions[t + 1, index] = Int32(t & 1) } }
      try stage.play()
      let fragment = stage.fragment
      Exhaustion.exhaustMemory()
      for round in 0..<100 { try stage.play(fragment, sticky: round % 2 == 1) }
      _exit(0)
    }
  }
}

extension Stage {
  /// Plays the actions that are in the fragment, from row 0.
  func play(_ fragment: FragmentView? = nil, sticky: Bool = false) throws {
    let fragment = fragment ?? self.fragment
    for t in 0..<fragment.layout.stepCount {
      try batch.step(fragment, from: t, sticky: sticky, position: position)
    }
  }
}
