import Glibc
import Rollout
import TestSupport
import Testing

/// An environment with a scripted `action_mask`: `masks[k][n]` after n steps of its k-th episode.
///
/// An episode ends with the last of its masks. The first episode follows the last.
private struct Doors: Environment {
  struct View: Recordable {
    var position: SIMD2<Float>
    var mask: [UInt8]

    static var leafTypes: [ElementType] { SIMD2<Float>.leafTypes + [UInt8].leafTypes }

    init(position: SIMD2<Float>, mask: [UInt8]) { (self.position, self.mask) = (position, mask) }

    init(loading leaves: LeafRow) {
      position = SIMD2(loading: leaves)
      mask = Array(loading: leaves.dropping(1))
    }

    func store(in leaves: LeafRow) {
      position.store(in: leaves)
      mask.store(in: leaves.dropping(1))
    }
  }

  var actionSpace: Space
  var masks: [[[UInt8]]]
  var name = "action_mask"
  var episode = -1
  var steps = 0

  var observationSpace: Space {
    .dict([
      SpaceField("position", .box(shape: [2], low: 0, high: 1)),
      SpaceField(name, .multiBinary(masks[0][0].count)),
    ])
  }

  var observation: View { View(position: [1, 1], mask: masks[episode][steps]) }

  mutating func reset(using random: inout PCG64) {
    episode = (episode + 1) % masks.count
    steps = 0
  }

  mutating func step(_ action: [Int32], using random: inout PCG64) -> StepOutcome {
    steps += 1
    return StepOutcome(reward: 0, terminated: steps == masks[episode].count - 1)
  }
}

struct ActionMaskCheckTests {
  private static let pair = Space.multiDiscrete([2, 3])

  private static func stage(_ members: [Doors], stepCount: Int = 2) throws -> Stage {
    let batch = try NativeEnvironmentBatch(streams: members.map { _ in PCG64(seed: 0) }) {
      members[$0]
    }
    return Stage(try registered(batch), stepCount: stepCount)
  }

  private static func doors(
    _ action: Space, _ masks: [[UInt8]]..., name: String = "action_mask"
  ) -> Doors {
    Doors(actionSpace: action, masks: masks, name: name)
  }

  @Test func `a mask that allows nothing is a fault of the environment`() throws {
    let good: [UInt8] = [0, 1, 0]
    let stage = try Self.stage([
      Self.doors(.discrete(3), [good, good, good]),
      Self.doors(.discrete(3), [good, good, [0, 0, 0], good]),
    ])
    try stage.reset()
    let fault = try #require(throws: EnvironmentFault.self) { try stage.play() }
    #expect(fault.environment == 1 && fault.step == 2)
    #expect(fault.cause as? EmptyActionMask == EmptyActionMask(choice: nil))
    #expect(
      fault.description
        == "environment 1 failed at step 2 of its episode: the action_mask allows no action")
  }

  @Test func `a fault is thrown at a reset too`() throws {
    let first = try Self.stage([Self.doors(.discrete(2), [[0, 0], [1, 1]])])
    let fault = try #require(throws: EnvironmentFault.self) { try first.reset() }
    #expect(fault.environment == 0 && fault.step == 0)
    // The second episode begins within the first one's last step.
    let later = try Self.stage([Self.doors(.discrete(2), [[1, 0], [1, 0]], [[0, 0], [1, 1]])])
    try later.reset()
    let second = try #require(throws: EnvironmentFault.self) { try later.play() }
    #expect(second.environment == 0 && second.step == 0)
    #expect(second.cause is EmptyActionMask)
  }

  @Test func `the last observation of an episode may allow nothing`() throws {
    let stage = try Self.stage(
      [
        Self.doors(.discrete(2), [[0, 1], [0, 0]], [[1, 0], [1, 1], [0, 0]], [[1, 0]])
      ], stepCount: 3)
    try stage.reset()
    try stage.play()
    #expect(stage.column(stage.fragment.terminated) == [true, false, true])
  }

  @Test(
    arguments: [
      ([0, 0, 0, 1, 0], 0), ([0, 1, 0, 0, 0], 1), ([0, 0, 0, 0, 0], 0),
    ] as [([UInt8], Int)])
  func `each choice of a MultiDiscrete space needs an action`(mask: [UInt8], choice: Int) throws {
    let stage = try Self.stage([Self.doors(Self.pair, [[1, 0, 0, 0, 1], mask, [1, 1, 1, 1, 1]])])
    try stage.reset()
    let fault = try #require(throws: EnvironmentFault.self) { try stage.play() }
    #expect(
      fault.description
        == """
        environment 0 failed at step 1 of its episode: the action_mask allows no action of \
        choice \(choice)
        """)
  }

  @Test func `only what masks actions is looked at`() throws {
    let zeros: [UInt8] = [0, 0, 0, 0, 0]
    for doors in [
      // Another name, another number of elements, and actions that cannot be masked.
      Self.doors(Self.pair, [zeros, zeros, zeros], name: "mask"),
      Self.doors(.multiDiscrete([2, 2]), [zeros, zeros, zeros]),
      Self.doors(.box(shape: [5], low: 0, high: 1, elementType: .int32), [zeros, zeros, zeros]),
    ] {
      let stage = try Self.stage([doors], stepCount: 1)
      try stage.reset()
      try stage.play()
    }
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `looking at masks needs no memory`() async {
    await #expect(processExitsWith: .success) {
      let batch = try NativeEnvironmentBatch(streams: [PCG64(seed: 0), PCG64(seed: 1)]) { _ in
        Turnstile()
      }
      let stage = Stage(try registered(batch), stepCount: 50)
      try stage.reset()
      try stage.play()
      let fragment = stage.fragment
      Exhaustion.exhaustMemory()
      for _ in 0..<100 { try stage.play(fragment) }
      _exit(0)
    }
  }
}

/// Doors without an array: the allowed action alternates.
private struct Turnstile: Environment {
  var steps = 0

  var observationSpace: Space { .dict([SpaceField("action_mask", .multiBinary(2))]) }
  var actionSpace: Space { .discrete(2) }
  // A literal of an array would allocate, since tests are not optimized.
  var observation: SIMD2<UInt8> { steps & 1 == 0 ? SIMD2(1, 0) : SIMD2(0, 1) }

  mutating func reset(using random: inout PCG64) { steps = 0 }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    steps += 1
    return StepOutcome(reward: 0, terminated: steps == 7)
  }
}
