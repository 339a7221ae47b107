import Glibc
import TestSupport
import Testing

@testable import Rollout

/// An environment that observes the last action that it received.
private struct Echo<Value: Recordable & Sendable>: Environment {
  var space: Space
  var observation: Value
  var length = Int.max
  var steps = 0

  var observationSpace: Space { space }
  var actionSpace: Space { space }

  mutating func reset(using random: inout PCG64) { steps = 0 }

  mutating func step(_ action: Value, using random: inout PCG64) -> StepOutcome {
    observation = action
    steps += 1
    return StepOutcome(reward: 0, terminated: steps == length)
  }
}

/// An action with several leaves, some with bounds.
private struct Levers: Recordable, Equatable {
  var gear = 0
  var wheel = SIMD2<Float>()
  var anything = 0.0
  var pedal = 0.0

  static var space: Space {
    .dict([
      SpaceField("gear", .discrete(9)),
      SpaceField(
        "hands",
        .tuple([
          .box(shape: [2], low: -1, high: 1),
          .box(shape: [1], low: -.infinity, high: .infinity, elementType: .float64),
        ])),
      SpaceField("pedal", .box(shape: [], low: 0, high: 0.5, elementType: .float64)),
    ])
  }

  static var leafTypes: [ElementType] {
    Int.leafTypes + SIMD2<Float>.leafTypes + Double.leafTypes + Double.leafTypes
  }

  init(gear: Int, wheel: SIMD2<Float>, anything: Double, pedal: Double) {
    (self.gear, self.wheel, self.anything, self.pedal) = (gear, wheel, anything, pedal)
  }

  init(loading leaves: LeafRow) {
    gear = Int(loading: leaves)
    wheel = SIMD2(loading: leaves.dropping(1))
    anything = Double(loading: leaves.dropping(2))
    pedal = Double(loading: leaves.dropping(3))
  }

  func store(in leaves: LeafRow) {
    gear.store(in: leaves)
    wheel.store(in: leaves.dropping(1))
    anything.store(in: leaves.dropping(2))
    pedal.store(in: leaves.dropping(3))
  }
}

struct PlayedActionsTests {
  /// Returns the action as received by the environment and as recorded, in bit patterns.
  private func play<Element: RecordableScalar & BinaryFloatingPoint>(
    _ drawn: [Element], low: Double, high: Double, _ bounds: ActionBounds = .clip
  ) throws -> (handed: [Element], recorded: [Element]) {
    let space = Space.box(
      shape: [drawn.count], low: low, high: high, elementType: Element.elementType)
    let batch = try NativeEnvironmentBatch(streams: [PCG64(seed: 0)]) { _ in
      Echo(space: space, observation: drawn)
    }
    let stage = Stage(try registered(batch, bounds: bounds), stepCount: 1)
    try stage.reset()
    let layout = stage.storage.layout
    drawn.store(in: stage.leaves(layout.act, row: 1, environment: 0))
    try stage.play()
    return (
      [Element](loading: stage.leaves(layout.obs, row: 1, environment: 0)),
      [Element](loading: stage.leaves(layout.act, row: 1, environment: 0))
    )
  }

  private func check<Element: RecordableScalar & BinaryFloatingPoint>(
    _ type: Element.Type, low: Double, high: Double, _ pairs: [(drawn: Element, handed: Element)]
  ) throws {
    let drawn = pairs.map(\.drawn)
    let (handed, recorded) = try play(drawn, low: low, high: high)
    // Descriptions distinguish −0 from 0 and compare NaN as equal.
    #expect(handed.map { "\($0)" } == pairs.map { "\($0.handed)" }, "\(type) in \(low)...\(high)")
    #expect(recorded.map { "\($0)" } == drawn.map { "\($0)" })
  }

  private func checkAll<Element: RecordableScalar & BinaryFloatingPoint>(
    _ type: Element.Type
  ) throws {
    try check(
      type, low: -1, high: 2,
      [
        (-1.5, -1), (2.5, 2), (-1, -1), (2, 2), (0.25, 0.25), (-0.0, -0.0), (.infinity, 2),
        (-.infinity, -1), (.nan, .nan), (.leastNonzeroMagnitude, .leastNonzeroMagnitude),
      ])
    try check(
      type, low: -.infinity, high: 0.5,
      [(-1e9, -1e9), (1, 0.5), (-.infinity, -.infinity), (.infinity, 0.5), (.nan, .nan)])
    try check(
      type, low: 0.5, high: .infinity,
      [(1e9, 1e9), (-1, 0.5), (-.infinity, 0.5), (.infinity, .infinity), (.nan, .nan)])
    try check(
      type, low: -.infinity, high: .infinity,
      [(1e9, 1e9), (-.infinity, -.infinity), (.infinity, .infinity), (.nan, .nan)])
  }

  @Test func `what is beyond a bound is handed clipped and recorded as it was drawn`() throws {
    try checkAll(Float.self)
    try checkAll(Double.self)
  }

  private func checkScaled<Element: RecordableScalar & BinaryFloatingPoint>(
    _ type: Element.Type
  ) throws {
    let cases: [(low: Double, high: Double, pairs: [(Element, Element)])] = [
      (0, 1000, [(-1, 0), (1, 1000), (0, 500), (0.5, 750), (-3, 0), (9, 1000), (.infinity, 1000)]),
      (-2, 2, [(-1, -2), (1, 2), (0.25, 0.5), (-0.5, -1)]),
      (-1e300, 1e300, [(-1, -1e300), (1, 1e300), (0, 0)]),
      (3, 3, [(-1, 3), (0, 3), (1, 3)]),
      // No range to scale to: as they are drawn.
      (-1, 1, [(0.3, 0.3), (-0.0, -0.0), (1.5, 1), (-1.5, -1)]),
      (0, .infinity, [(0.3, 0.3), (-0.5, 0), (7, 7)]),
      (-.infinity, .infinity, [(0.3, 0.3), (-7, -7)]),
    ]
    for (low, high, pairs) in cases where Element(high).isFinite || !high.isFinite {
      let (handed, recorded) = try play(pairs.map(\.0), low: low, high: high, .scale)
      #expect(handed == pairs.map(\.1), "\(type) in \(low)...\(high)")
      #expect(recorded == pairs.map(\.0))
    }
    #expect(try play([Element.nan], low: 0, high: 10, .scale).handed[0].isNaN)
  }

  @Test func `actions from -1 to 1 span finite bounds and are recorded as they were drawn`() throws
  {
    try checkScaled(Float.self)
    try checkScaled(Double.self)
  }

  @Test func `elements of a Box may have bounds of their own`() throws {
    let space = Space.box(shape: [3], low: -.infinity, high: 10)
    var spaces = EnvironmentSpaces(observation: space, action: space)
    spaces.elementBounds = [0: [(0, 10), (-1, 1), (-.infinity, 2)]]
    let played = try #require(PlayedActions(spaces, environmentCount: 2, bounds: .scale))
    let stage = Stage(
      try NativeEnvironmentBatch(streams: [PCG64(seed: 0), PCG64(seed: 1)]) { _ in
        Echo(space: space, observation: [Float](repeating: 0, count: 3))
      }, stepCount: 1)
    let actions: ColumnView<Float> = stage.fragment.act(as: Float.self)
    for index in 0..<2 {
      for (element, value) in [Float(0.5), 3, 3].enumerated() { actions[1, index, element] = value }
    }
    stage.fragment.withStateRow(1) { row in
      played.play(row, of: 0..<2)
      for index in 0..<2 {
        #expect([Float](loading: row.act(index)) == [7.5, 1, 2])
      }
    }
  }

  /// The engine's own batches and one's own: `--action-bounds` reaches both.
  @Test(arguments: [(ActionBounds.scale, Float(750)), (.clip, 0.5)])
  func `a choice of bounds reaches the environment`(bounds: ActionBounds, handed: Float) throws {
    let registry = EnvironmentRegistry()
    let space = Space.box(shape: [], low: 0, high: 1000)
    try registry.register("Echo-v0") { Echo(space: space, observation: Float(0)) }
    let choice = EnvironmentConfiguration("Echo-v0", actionBounds: bounds)
    let stage = Stage(
      try choice.makeBatch(streams: [PCG64(seed: 0)], in: registry), stepCount: 1)
    try stage.reset()
    stage.fragment.act(as: Float.self)[1, 0] = 0.5
    try stage.play()
    #expect(stage.fragment.obs(as: Float.self)[1, 0] == handed)
    #expect(stage.fragment.act(as: Float.self)[1, 0] == 0.5)
  }

  private static let odd: [(Double, Double, ActionBounds, String?)] = [
    (0, 1000, .clip, "use --action-bounds scale"),
    (0, 1000, .scale, nil), (-1, 1, .scale, nil), (-1, 1, .clip, nil), (-2, 2, .clip, nil),
    (0, .infinity, .scale, "is infinite on one side"), (-.infinity, .infinity, .scale, nil),
    (3, 3, .scale, "allows only one value"), (0, 1e9, .scale, "is wide"),
  ]

  @Test(arguments: odd)
  func `odd bounds are told`(low: Double, high: Double, bounds: ActionBounds, words: String?) {
    let remarks = Space.box(shape: [1], low: low, high: high).oddBounds(bounds)
    #expect(remarks.count == (words == nil ? 0 : 1))
    if let words, let remark = remarks.first { #expect(remark.contains(words), "\(remark)") }
  }

  @Test func `a Box of whole numbers is handed as it is`() throws {
    let space = Space.box(shape: [], low: 0, high: 10, elementType: .uint8)
    let spaces = EnvironmentSpaces(observation: space, action: space)
    #expect(PlayedActions(spaces, environmentCount: 1) == nil)
    let stage = Stage(
      try NativeEnvironmentBatch(streams: [PCG64(seed: 0)]) { _ in
        Echo(space: space, observation: UInt8(0))
      }, stepCount: 1)
    try stage.reset()
    stage.fragment.act(as: UInt8.self)[1, 0] = 200
    try stage.play()
    #expect(stage.fragment.obs(as: UInt8.self)[1, 0] == 200)
  }

  /// Bounds as Doubles; most of them are not exactly representable as Float.
  @Test(arguments: [(0.1, 0.3), (-0.3, -0.1), (-0.7, 0.7), (1e-50, 1), (-2, 1e300)])
  func `as a Float a bound is the outermost one within`(low: Double, high: Double) {
    let bounds = ClippingBounds<Float>(low, high)
    #expect(Double(bounds.low) >= low && Double(bounds.low.nextDown) < low)
    #expect(Double(bounds.high) <= high && Double(bounds.high.nextUp) > high)
    #expect(bounds.clip(-.greatestFiniteMagnitude) == bounds.low)
    #expect(bounds.clip(.infinity) == bounds.high)
  }

  @Test func `bounds that enclose no Float give the nearest one`() {
    let bounds = ClippingBounds<Float>(0.1, 0.1)
    #expect(bounds.clip(-1) == Float(0.1) && bounds.clip(1) == Float(0.1))
  }

  private func levers(length: Int) throws -> Stage {
    let batch = try NativeEnvironmentBatch(streams: [PCG64(seed: 0), PCG64(seed: 1)]) { index in
      Echo(
        space: Levers.space, observation: Levers(gear: 8, wheel: [0, 0], anything: 0, pedal: 0),
        length: index == 0 ? length : .max)
    }
    let stage = Stage(try registered(batch), stepCount: 3)
    try stage.reset()
    for t in 0..<3 {
      for index in 0..<2 {
        Levers.drawn(t, index).store(
          in: stage.leaves(stage.storage.layout.act, row: t + 1, environment: index))
      }
    }
    return stage
  }

  @Test func `leaves within a Dict and a Tuple are clipped each to its own bounds`() throws {
    let stage = try levers(length: .max)
    try stage.play()
    let layout = stage.storage.layout
    for t in 0..<3 {
      for index in 0..<2 {
        let obs = stage.leaves(layout.obs, row: t + 1, environment: index)
        let (drawn, handed) = (Levers.drawn(t, index), Levers(loading: obs))
        #expect(handed.gear == drawn.gear && handed.anything == drawn.anything)
        #expect(handed.wheel == [t == 0 ? 0.5 : 1, -1])
        #expect(handed.pedal == (index == 0 ? 0 : 0.5))
        let act = stage.leaves(layout.act, row: t + 1, environment: index)
        #expect(Levers(loading: act) == drawn)
      }
    }
  }

  @Test func `a sticky fragment repeats the action as it was drawn`() throws {
    let stage = try levers(length: 1)
    for t in 0..<3 {
      try stage.batch.step(stage.fragment, from: t, sticky: true, position: stage.position)
    }
    let layout = stage.storage.layout
    for row in 1...3 {
      let act = stage.leaves(layout.act, row: row, environment: 0)
      #expect(Levers(loading: act) == Levers.drawn(0, 0))
    }
    let neighbor = stage.leaves(layout.obs, row: 3, environment: 1)
    #expect(Levers(loading: neighbor).wheel == [1, -1])
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `clipping needs no memory`() async {
    await #expect(processExitsWith: .success) {
      let stage = try PlayedActionsTests().levers(length: 2)
      try stage.play()
      let fragment = stage.fragment
      Exhaustion.exhaustMemory()
      for round in 0..<100 { try stage.play(fragment, sticky: round % 2 == 1) }
      _exit(0)
    }
  }
}

extension Levers {
  /// An action in a row that exceeds most of its bounds.
  fileprivate static func drawn(_ t: Int, _ index: Int) -> Levers {
    Levers(
      gear: t + index, wheel: [0.5 + Float(t), -1.5 - Float(index)], anything: 1e9 * Double(t),
      pedal: index == 0 ? -0.1 : 3)
  }
}
