import TestSupport
import Testing

@testable import Rollout

/// Environments eight at a time: the same bits as one at a time.
struct GroupedBatchTests {
  private static let exactCart = ConditionTrait.enabled(
    if: CartPoleGroup.isExact, "another C library, or no fused multiply-add")
  /// The condition of all groups but CartPole's, which have angles of any size.
  private static let exactAngles = ConditionTrait.enabled(
    if: AcrobotGroup.isExact, "another C library, or no fused multiply-add")

  /// Returns a batch of groups and one of single environments, with equal streams.
  private func batches<Group: EnvironmentGroup>(
    _ group: Group.Type, count: Int, limit: Int?, make: () -> Group.Member
  ) throws -> [any EnvironmentBatch] {
    let streams = (0..<count).map { PCG64(seed: UInt64(100 + $0)) }
    let batches: [any EnvironmentBatch] = [
      GroupedBatch<Group>(streams: streams),
      try NativeEnvironmentBatch(streams: streams) { _ in make() },
    ]
    return try batches.map { batch in
      try limit.map { try TimeLimitBatch(batch, steps: $0) } ?? batch
    }
  }

  /// Plays two batches side by side and compares everything that they record.
  ///
  /// The actions mostly follow the observations and are sometimes random.
  private func compare<Action: RecordableScalar>(
    _ batches: [any EnvironmentBatch], sticky: Bool, fragments: Int, chance: Double,
    draw: (inout PCG64) -> Action, policy: (ColumnView<Float>, Int, Int) -> Action
  ) throws {
    let count = batches[0].count
    let layout = FragmentLayout(
      stepCount: 30, environmentCount: count,
      contents: .init(spaces: batches[0].spaces, reaction: .empty))
    let storages = batches.map { _ in FragmentStorage(layout) }
    for (batch, storage) in zip(batches, storages) {
      try batch.reset(into: storage.view, row: 0)
    }
    var random = PCG64(seed: 3)
    var ends = 0
    for fragment in 0..<fragments {
      for t in 0..<layout.stepCount {
        for b in 0..<count {
          let action =
            random.nextDouble() < chance
            ? draw(&random) : policy(storages[0].view.obs(as: Float.self), t, b)
          for storage in storages { storage.view.act(as: Action.self)[t + 1, b] = action }
        }
        for (batch, storage) in zip(batches, storages) {
          try batch.step(storage.view, from: t, sticky: sticky, position: .unread)
        }
        for b in 0..<count where storages[0].view.fin[t + 1, b] { ends += 1 }
      }
      // Sometimes an episode is restarted from outside, as wrappers do.
      let row = layout.stepCount
      if fragment % 21 < count {
        for (batch, storage) in zip(batches, storages) {
          try batch.reset(fragment % 21, into: storage.view, row: row)
        }
      }
      let bytes = storages.map { storage in
        layout.columns.map { column in
          Array(
            UnsafeRawBufferPointer(
              start: storage.view.base + column.offset, count: column.byteCount))
        }
      }
      for (index, pair) in zip(bytes[0], bytes[1]).enumerated() where pair.0 != pair.1 {
        Issue.record("column \(index) of fragment \(fragment) differs with \(count) environments")
      }
      for storage in storages { storage.view.copyState(row: row, to: storage.view, row: 0) }
    }
    #expect(ends > count)
  }

  @Test(exactCart, arguments: [1, 7, 8, 9, 16, 21])
  func `every byte is what single carts record`(count: Int) throws {
    func compare(limit: Int?, sticky: Bool, fragments: Int) throws {
      try self.compare(
        batches(CartPoleGroup.self, count: count, limit: limit) { CartPole() },
        sticky: sticky, fragments: fragments, chance: 0.6, draw: { Int32($0.integer(below: 2)) }
      ) { obs, t, b in obs[t, b, 2] + 0.3 * obs[t, b, 3] > 0 ? 1 : 0 }
    }
    try compare(limit: 500, sticky: false, fragments: 40)
    try compare(limit: 50, sticky: false, fragments: 10)
    try compare(limit: nil, sticky: true, fragments: 20)
  }

  @Test(exactAngles, arguments: [1, 7, 8, 9, 16, 21])
  func `every byte is what single pairs of links record`(count: Int) throws {
    func compare(limit: Int?, sticky: Bool, fragments: Int) throws {
      try self.compare(
        batches(AcrobotGroup.self, count: count, limit: limit) { Acrobot() },
        sticky: sticky, fragments: fragments, chance: 0.3, draw: { Int32($0.integer(below: 3)) }
      ) { obs, t, b in obs[t, b, 5] > 0 ? 2 : 0 }
    }
    try compare(limit: 500, sticky: false, fragments: 60)
    try compare(limit: 50, sticky: false, fragments: 10)
    try compare(limit: nil, sticky: true, fragments: 60)
  }

  @Test(exactAngles, arguments: [1, 7, 8, 9, 16, 21])
  func `every byte is what single mountain cars record`(count: Int) throws {
    func compare(limit: Int?, sticky: Bool, fragments: Int) throws {
      try self.compare(
        batches(MountainCarGroup.self, count: count, limit: limit) { MountainCar() },
        sticky: sticky, fragments: fragments, chance: 0.1, draw: { Int32($0.integer(below: 3)) }
      ) { obs, t, b in obs[t, b, 1] > 0 ? 2 : 0 }
    }
    try compare(limit: 200, sticky: false, fragments: 20)
    try compare(limit: 50, sticky: false, fragments: 10)
    try compare(limit: nil, sticky: true, fragments: 20)
  }

  @Test(exactAngles, arguments: [1, 7, 8, 9, 16, 21])
  func `every byte is what single cars with a throttle record`(count: Int) throws {
    func compare(limit: Int?, sticky: Bool, fragments: Int) throws {
      try self.compare(
        batches(MountainCarContinuousGroup.self, count: count, limit: limit) {
          MountainCarContinuous()
        },
        sticky: sticky, fragments: fragments, chance: 0.1, draw: { Float($0.uniform(-2, 2)) }
      ) { obs, t, b in obs[t, b, 1] > 0 ? 1 : -1 }
    }
    try compare(limit: 999, sticky: false, fragments: 20)
    try compare(limit: 50, sticky: false, fragments: 10)
    try compare(limit: nil, sticky: true, fragments: 20)
  }

  @Test(exactAngles, arguments: [1, 7, 8, 9, 16, 21])
  func `every byte is what single pendulums record`(count: Int) throws {
    func compare(limit: Int, sticky: Bool, fragments: Int) throws {
      try self.compare(
        batches(PendulumGroup.self, count: count, limit: limit) { Pendulum() },
        sticky: sticky, fragments: fragments, chance: 0.3, draw: { Float($0.uniform(-3, 3)) }
      ) { obs, t, b in obs[t, b, 2] > 0 ? 2 : -2 }
    }
    // Several full turns in one episode.
    try compare(limit: 300, sticky: false, fragments: 30)
    try compare(limit: 20, sticky: true, fragments: 10)
  }

  @Test(exactAngles)
  func `a pendulum at any angle turns as a single one`() {
    var random = PCG64(seed: 4)
    let trigonometry = VectorTrigonometry(.shared)
    // Near multiples of π, at the limit of the vectorized sine, and beyond it.
    let scales: [Double] = [Double.pi, 2 * Double.pi, 1, 1e3, 0.99e8, 1e9, 1e17, 1e300]
    for round in 0..<4000 {
      var group = PendulumGroup()
      var actions = SIMD8<Float>()
      var expected: [(Pendulum, StepOutcome)] = []
      for lane in 0..<8 {
        var pendulum = Pendulum()
        let factor = round % 2 == 0 ? Double(random.integer(below: 41) - 20) : random.uniform(-1, 1)
        let angle = scales[round % 3 == 0 ? lane : lane % 4] * factor
        pendulum.state = [
          [angle.nextDown, angle, angle.nextUp][round % 3], random.uniform(-8, 8),
        ]
        actions[lane] = Float(random.uniform(-3, 3))
        group[lane] = pendulum
        let outcome = pendulum.step(actions[lane], using: &random)
        expected.append((pendulum, outcome))
      }
      let outcome = group.step(actions, trigonometry)
      for (lane, (pendulum, single)) in expected.enumerated() {
        #expect(
          group[lane].state == pendulum.state
            && group[lane].observation[0] == Float(pendulum.cosine)
            && group[lane].observation[1] == Float(pendulum.sine)
            && outcome.rewards[lane] == Float(single.reward))
      }
    }
  }

  @Test(exactAngles)
  func `a torque that is no number stays so`() {
    let trigonometry = VectorTrigonometry(.shared)
    var group = PendulumGroup()
    var actions = SIMD8<Float>()
    actions[3] = .nan
    for _ in 0..<2 {
      let outcome = group.step(actions, trigonometry)
      for lane in 0..<8 {
        #expect(group[lane].state.x.isNaN == (lane == 3))
        #expect(outcome.rewards[lane].isNaN == (lane == 3))
      }
    }
  }

  @Test(exactAngles)
  func `each place of a group is Gymnasium's, bit for bit`() throws {
    for lane in 0..<8 {
      try GymnasiumRecording(id: "Acrobot-v1", file: "gymnasium_acrobot_v1")
        .follow({ InGroup<AcrobotGroup>(lane) { Int32($0) } }, action: { Int($0.number) })
      try GymnasiumRecording(id: "MountainCar-v0", file: "gymnasium_mountaincar_v0")
        .follow({ InGroup<MountainCarGroup>(lane) { Int32($0) } }, action: { Int($0.number) })
      try GymnasiumRecording(
        id: "MountainCarContinuous-v0", file: "gymnasium_mountaincarcontinuous_v0"
      ).follow(
        { InGroup<MountainCarContinuousGroup>(lane) { $0 } }, action: { Float($0.numbers[0]) },
        roundsRewards: true)
      try GymnasiumRecording(id: "Pendulum-v1", file: "gymnasium_pendulum_v1")
        .follow(
          { InGroup<PendulumGroup>(lane) { $0 } }, action: { Float($0.numbers[0]) },
          roundsRewards: true)
    }
  }

  @Test func `pictures are those of single environments`() throws {
    let batches = try batches(AcrobotGroup.self, count: 9, limit: 3) { Acrobot() }
    let stages = batches.map { Stage($0, stepCount: 7) }
    for index in stages.indices {
      try stages[index].reset()
      stages[index].fillActions()
    }
    for batch in batches { #expect(try batch.finalPicture(of: 8) == nil) }
    #expect(try batches[0].picture(of: 8) == batches[1].picture(of: 8))
    for index in stages.indices { try stages[index].play() }
    #expect(try batches[0].picture(of: 8) == batches[1].picture(of: 8))
    let last = try batches[0].finalPicture(of: 8)
    #expect(try last != nil && last == batches[1].finalPicture(of: 8))
    #expect(batches[0].lives(of: 0) == nil && batches[0].restartsSingly)
  }

  @Test(arguments: [-1, 3, 4])
  func `an action that there is not traps in a group too`(action: Int32) async {
    await #expect(processExitsWith: .failure) { [action = action as Int32] in
      var actions = SIMD8<Int32>(repeating: 2)
      actions[5] = action
      var group = AcrobotGroup()
      _ = group.step(actions, VectorTrigonometry(.shared))
    }
    await #expect(processExitsWith: .failure) { [action = action as Int32] in
      var actions = SIMD8<Int32>(repeating: 1)
      actions[2] = action
      var group = MountainCarGroup()
      _ = group.step(actions, VectorTrigonometry(.shared))
    }
  }

  @Test(
    exactCart, exactAngles,
    arguments: [
      ("CartPole-v1", GroupedBatch<CartPoleGroup>.self as AnyObject.Type),
      ("Acrobot-v1", GroupedBatch<AcrobotGroup>.self as AnyObject.Type),
      ("MountainCar-v0", GroupedBatch<MountainCarGroup>.self as AnyObject.Type),
      (
        "MountainCarContinuous-v0",
        GroupedBatch<MountainCarContinuousGroup>.self as AnyObject.Type
      ),
      ("Pendulum-v1", GroupedBatch<PendulumGroup>.self as AnyObject.Type),
    ])
  func `the registered batch of eight or more is of groups`(
    id: String, type: AnyObject.Type
  ) throws {
    func batch(_ count: Int) throws -> any EnvironmentBatch {
      let batch = try EnvironmentConfiguration(id, limit: .unlimited).makeBatch(
        streams: (0..<count).map { PCG64(seed: UInt64($0)) })
      return (batch as? GuardedBatch)?.inner ?? batch
    }
    #expect(try Swift.type(of: batch(8)) == type)
    #expect(try Swift.type(of: batch(7)) != type)
  }
}

/// One environment of a group in which all others play the same actions.
private struct InGroup<Group: EnvironmentGroup>: Environment {
  let lane: Int
  let scalar: (Group.Member.Action) -> Group.Actions.Scalar
  var group = Group()
  let trigonometry = VectorTrigonometry(.shared)

  init(_ lane: Int, scalar: @escaping (Group.Member.Action) -> Group.Actions.Scalar) {
    self.lane = lane
    self.scalar = scalar
  }

  var observationSpace: Space { group[lane].observationSpace }
  var actionSpace: Space { group[lane].actionSpace }
  var observation: Group.Member.Observation { group[lane].observation }

  mutating func reset(using random: inout PCG64) { group.reset(lane, using: &random) }

  mutating func step(_ action: Group.Member.Action, using random: inout PCG64) -> StepOutcome {
    let outcome = group.step(Group.Actions(repeating: scalar(action)), trigonometry)
    return StepOutcome(
      reward: Double(outcome.rewards[lane]), terminated: outcome.terminated[lane] == 1)
  }
}
