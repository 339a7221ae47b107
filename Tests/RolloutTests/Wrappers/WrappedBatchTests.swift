import Glibc
import TestSupport
import Testing

@testable import Rollout

struct WrappedBatchTests {
  @Test(arguments: [false, true], [0, 1, 3])
  func `what changes nothing shows what the batch shows`(sticky: Bool, depth: Int) throws {
    var wrapped: any EnvironmentBatch = try batch(counters)
    for _ in 0..<depth { wrapped = WrappedBatch(wrapped) }
    try expectEqual(wrapped, batch(counters), sticky: sticky)
  }

  @Test func `containers of several leaves pass through`() throws {
    let stage = Stage(
      WrappedBatch(
        try NativeEnvironmentBatch(streams: [PCG64(seed: 0), PCG64(seed: 1)]) { _ in Cockpit() }),
      stepCount: 4)
    let plain = Stage(
      try NativeEnvironmentBatch(streams: [PCG64(seed: 0), PCG64(seed: 1)]) { _ in Cockpit() },
      stepCount: 4)
    #expect(stage.batch.spaces == plain.batch.spaces)
    try stage.reset()
    try plain.reset()
    try stage.play()
    try plain.play()
    for (one, other) in zip(stage.storage.layout.columns, plain.storage.layout.columns) {
      let (left, right) = (stage.fragment.base + one.offset, plain.fragment.base + other.offset)
      #expect(memcmp(left, right, one.byteCount) == 0)
    }
  }

  /// The brightness of the pictures of a counter is its number of steps.
  @Test(arguments: [
    ([Wrapper.rewardScale(2)], [0, 1, 2, 3]), ([.actionRepeat(2)], [0, 2, 3]),
    ([.rewardScale(2), .timeLimit(2)], [0, 1, 2]),
  ])
  func `wrapped batches draw every state and the one where the wrapper's episode ended`(
    wrappers: [Wrapper], brightness: [Int]
  ) throws {
    let wrapped = try wrappers.wrap(
      batch([Counter(length: 3)]), streams: [PCG64(seed: 0)])
    let stage = Stage(wrapped, stepCount: 1)
    try stage.reset()
    var pictures = [try wrapped.picture(of: 0)]
    for _ in brightness.dropFirst() {
      try stage.collect()
      pictures.append(
        stage.fragment.fin[1, 0] ? try wrapped.finalPicture(of: 0) : try wrapped.picture(of: 0))
      stage.carry()
    }
    #expect(stage.fragment.fin[0, 0])
    #expect(pictures.map { ($0?.pixels[0]).map(Int.init) } == brightness)
    #expect(try wrapped.picture(of: 0)?.pixels[0] == 0)
  }

  typealias RewardCase = (wrapper: Wrapper, map: @Sendable (Float) -> Float)

  static let rewardCases: [RewardCase] = [
    (.rewardScale(-0.5), { $0 * -0.5 }),
    (.rewardClip(10...60), { min(max($0, 10), 60) }),
    (.rewardSign, { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }),
  ]

  @Test(arguments: rewardCases.indices)
  func `rewards are mapped and nothing else`(
    _ number: Int
  ) throws {
    let (wrapper, map) = Self.rewardCases[number]
    for sticky in [false, true] {
      let stage = Stage(
        try [wrapper].wrap(batch(counters), streams: counters.map { _ in PCG64(seed: 0) }),
        stepCount: 6)
      let plain = Stage(try batch(counters), stepCount: 6)
      try plain.reset()
      try stage.playFragments(3, sticky: sticky) { number in
        try plain.collect(sticky: sticky) { variedAction(number, $0, $1) }
        for row in 1...6 {
          for index in 0..<3 {
            let isFrozen = sticky && row > 1 && plain.fragment.fin[row - 1, index]
            #expect(
              stage.fragment.rew[row, index] == (isFrozen ? 0 : map(plain.fragment.rew[row, index]))
            )
            #expect(stage.observed(row, index) == plain.observed(row, index))
            #expect(stage.fragment.fin[row, index] == plain.fragment.fin[row, index])
          }
        }
        plain.carry()
      }
    }
  }

  @Test func `rewards that are no numbers stay so`() {
    #expect(RewardMapBatch.Map.clipped(0...1)(.nan).isNaN)
    #expect(RewardMapBatch.Map.sign(.nan).isNaN)
    #expect(RewardMapBatch.Map.sign(-.infinity) == -1)
    #expect(RewardMapBatch.Map.clipped(-1...1)(.infinity) == 1)
  }

  @Test func `a mask around a batch is CartPoleNoVel`() throws {
    let streams = (0..<3).map { PCG64(seed: $0) }
    let masked = try EnvironmentConfiguration(
      "CartPole-v1", wrappers: [.observationMask(keeping: [0, 2])]
    ).makeBatch(streams: streams)
    let native = try EnvironmentConfiguration("CartPoleNoVel-v1").makeBatch(streams: streams)
    #expect(masked.spaces == native.spaces)
    let (left, right) = (Stage(masked, stepCount: 60), Stage(native, stepCount: 60))
    try left.reset()
    try right.reset()
    try left.collect { $0 / 2 % 2 ^ $1 & 1 }
    try right.collect { $0 / 2 % 2 ^ $1 & 1 }
    #expect(left.told == right.told)
    #expect(left.told.contains { $0.contains("true") })
    let views = (left.fragment.obs(as: Float.self), right.fragment.obs(as: Float.self))
    #expect(views.0.elements == views.1.elements)
    for t in 0..<60 where left.fragment.terminated[t, 0] {
      #expect(try left.final(t, 0) == right.final(t, 0))
    }
  }

  @Test func `a mask that does not suit is said`() {
    let error = #expect(throws: WrapperError.self) {
      try [Wrapper.observationMask(keeping: [0, 4])].wrap(
        NativeEnvironmentBatch(streams: [PCG64(seed: 0)]) { _ in CartPole() },
        streams: [PCG64(seed: 0)])
    }
    #expect(
      error?.description.hasPrefix(
        "the wrapper observation-mask=0,4 cannot be applied: element 4 of the observation of ")
        == true)
  }

  @Test func `a fault names the environment that failed`() throws {
    let members = [Counter(length: 9), Counter(length: 9, lastStep: 2)]
    let stage = Stage(WrappedBatch(WrappedBatch(try batch(members))), stepCount: 4)
    try stage.reset()
    let fault = try #require(throws: EnvironmentFault.self) { try stage.collect() }
    #expect(fault.environment == 1 && fault.step == 2)
    #expect(stage.marked == .init(environment: 1, step: 2))
  }

  @Test func `a fragment of another size is refused`() async {
    await #expect(processExitsWith: .failure) {
      let two = Stage(
        WrappedBatch(try batch([Counter(length: 1), Counter(length: 1)])), stepCount: 1)
      try WrappedBatch(batch([Counter(length: 1)])).reset(into: two.fragment, row: 0)
    }
  }
}
