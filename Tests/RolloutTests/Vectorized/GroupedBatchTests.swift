import TestSupport
import Testing

@testable import Rollout

/// Environments eight at a time: the same bits as one at a time.
struct GroupedBatchTests {
  private static let exactCart = ConditionTrait.enabled(
    if: CartPoleGroup.isExact, "another C library, or no fused multiply-add")
  private static let exactLinks = ConditionTrait.enabled(
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
  private func compare(
    _ batches: [any EnvironmentBatch], actionCount: Int, sticky: Bool, fragments: Int,
    chance: Double, policy: (ColumnView<Float>, Int, Int) -> Int
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
            ? random.integer(below: actionCount)
            : policy(storages[0].view.obs(as: Float.self), t, b)
          for storage in storages { storage.view.act(as: Int32.self)[t + 1, b] = Int32(action) }
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
        actionCount: 2, sticky: sticky, fragments: fragments, chance: 0.6
      ) { obs, t, b in obs[t, b, 2] + 0.3 * obs[t, b, 3] > 0 ? 1 : 0 }
    }
    try compare(limit: 500, sticky: false, fragments: 40)
    try compare(limit: 50, sticky: false, fragments: 10)
    try compare(limit: nil, sticky: true, fragments: 20)
  }

  @Test(exactLinks, arguments: [1, 7, 8, 9, 16, 21])
  func `every byte is what single pairs of links record`(count: Int) throws {
    func compare(limit: Int?, sticky: Bool, fragments: Int) throws {
      try self.compare(
        batches(AcrobotGroup.self, count: count, limit: limit) { Acrobot() },
        actionCount: 3, sticky: sticky, fragments: fragments, chance: 0.3
      ) { obs, t, b in obs[t, b, 5] > 0 ? 2 : 0 }
    }
    try compare(limit: 500, sticky: false, fragments: 60)
    try compare(limit: 50, sticky: false, fragments: 10)
    try compare(limit: nil, sticky: true, fragments: 60)
  }

  @Test(exactLinks)
  func `links in each place of a group are Gymnasium's, bit for bit`() throws {
    for lane in 0..<8 {
      try GymnasiumRecording(id: "Acrobot-v1", file: "gymnasium_acrobot_v1")
        .follow({ InGroup<AcrobotGroup>(lane: lane) }, action: { Int($0.number) })
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
  func `an action that Acrobot does not have traps in a group too`(action: Int32) async {
    await #expect(processExitsWith: .failure) { [action = action as Int32] in
      var actions = SIMD8<Int32>(repeating: 2)
      actions[5] = action
      var group = AcrobotGroup()
      _ = group.step(actions, VectorTrigonometry(.shared))
    }
  }

  @Test(
    exactCart, exactLinks,
    arguments: [
      ("CartPole-v1", GroupedBatch<CartPoleGroup>.self as AnyObject.Type),
      ("Acrobot-v1", GroupedBatch<AcrobotGroup>.self as AnyObject.Type),
    ])
  func `the registered batch of eight or more is of groups`(
    id: String, type: AnyObject.Type
  ) throws {
    func batch(_ count: Int) throws -> any EnvironmentBatch {
      try EnvironmentConfiguration(id, limit: .unlimited).makeBatch(
        streams: (0..<count).map { PCG64(seed: UInt64($0)) })
    }
    #expect(try Swift.type(of: batch(8)) == type)
    #expect(try Swift.type(of: batch(7)) != type)
  }
}

/// One environment of a group in which the others do not move.
private struct InGroup<Group: EnvironmentGroup>: Environment
where Group.Member.Action == Int {
  let lane: Int
  var group = Group()
  let trigonometry = VectorTrigonometry(.shared)

  init(lane: Int) { self.lane = lane }

  var observationSpace: Space { group[lane].observationSpace }
  var actionSpace: Space { group[lane].actionSpace }
  var observation: Group.Member.Observation { group[lane].observation }

  mutating func reset(using random: inout PCG64) { group.reset(lane, using: &random) }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    var actions = SIMD8<Int32>(repeating: 1)
    actions[lane] = Int32(action)
    let outcome = group.step(actions, trigonometry)
    return StepOutcome(
      reward: Double(outcome.rewards[lane]), terminated: outcome.terminated[lane] == 1)
  }
}
