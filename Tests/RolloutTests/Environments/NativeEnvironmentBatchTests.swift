import Rollout
import Testing

struct NativeEnvironmentBatchTests {
  @Test func `a fresh batch begins in the row it is given`() throws {
    let stage = try Stage(batch([Counter(length: 3), Counter(length: 3)]), stepCount: 2)
    let fragment = stage.fragment
    for index in 0..<2 {
      fragment.act(as: Int32.self)[2, index] = 9
      fragment.rew[2, index] = 9
      fragment.stepno[2, index] = 9
    }
    try stage.batch.reset(into: fragment, row: 2)
    for index in 0..<2 {
      #expect(fragment.act(as: Int32.self)[2, index] == 0)
      #expect(fragment.rew[2, index] == 0)
      #expect(fragment.stepno[2, index] == 0)
      #expect(fragment.fin[2, index])
    }
    withExtendedLifetime(stage) {}
  }

  /// `docs/fragment.md`, the table of "Time": the episode ends on the step from t = 1 to t = 2.
  @Test(arguments: [false, true])
  func `the rows across a reset are the documented ones`(truncates: Bool) throws {
    let stage = try Stage(batch([Counter(length: 6, truncates: truncates)]), stepCount: 4)
    let final = try stage.expectDocumentedReset(truncates: truncates)
    #expect(stage.column(final, element: 1) == [0, 6, 0, 0])
  }

  /// `docs/fragment.md`, the table of "Sticky".
  @Test func `a sticky fragment repeats the reset state and goes on after it`() throws {
    let stage = try Stage(batch([Counter(length: 6)]), stepCount: 4)
    let fragment = stage.fragment
    try stage.expectDocumentedStickyRows()

    // Row 0 has `fin` set and freezes nothing.
    stage.carry()
    try stage.collect(sticky: true, act: { t, _ in 30 + t })
    #expect(stage.column(fragment.stepno) == [0, 1, 2, 3, 4])
    #expect(stage.column(fragment.act(as: Int32.self)) == [21, 30, 31, 32, 33])
    #expect(stage.column(fragment.fin) == [true, false, false, false, false])
    #expect(stage.column(fragment.obs(as: Float.self), element: 1) == [6, 7, 8, 9, 10])
  }

  @Test func `an episode of one step ends in every row`() throws {
    let stage = try Stage(batch([Counter(length: 1)]), stepCount: 3)
    try stage.reset()
    try stage.collect()
    #expect(stage.column(stage.fragment.fin) == [true, true, true, true])
    #expect(stage.column(stage.fragment.stepno) == [0, 0, 0, 0])
    #expect(stage.column(stage.fragment.rew) == [0, 10, 11, 12])
    #expect(stage.column(stage.fragment.terminated) == [true, true, true])
  }

  /// Compares every environment with a plain loop over it alone.
  @Test(arguments: [1, 2, 5, 16], [1, 3, 8])
  func `environments side by side do not know of each other`(count: Int, stepCount: Int) throws {
    let members = (0..<count).map { Counter(length: 1 + $0 * 3 % 7, truncates: $0 % 2 == 1) }
    func act(_ fragment: Int, _ t: Int, _ index: Int) -> Int {
      (fragment * 31 + t * 7 + index * 3) % 100
    }
    let stage = try Stage(batch(members), stepCount: stepCount)
    let fragment = stage.fragment
    let final: ColumnView<Float> = fragment.column(try #require(fragment.layout.finalObs.value))
    var alone = members
    var random = PCG64(seed: 0)
    for index in alone.indices { try alone[index].reset(using: &random) }

    try stage.reset()
    for number in 0..<3 {
      try stage.collect(act: { act(number, $0, $1) })
      for t in 0..<stepCount {
        for index in alone.indices {
          let outcome = try alone[index].step(act(number, t, index), using: &random)
          #expect(fragment.rew[t + 1, index] == Float(outcome.reward))
          #expect(fragment.fin[t + 1, index] == outcome.isOver)
          #expect(fragment.terminated[t, index] == outcome.terminated)
          #expect(fragment.truncated[t, index] == outcome.truncated)
          if outcome.isOver {
            #expect(final[t, index, 0] == alone[index].observation.x)
            #expect(final[t, index, 1] == alone[index].observation.y)
            try alone[index].reset(using: &random)
          }
          #expect(fragment.stepno[t + 1, index] == Int32(alone[index].episodeSteps))
          #expect(fragment.obs(as: Float.self)[t + 1, index, 0] == alone[index].observation.x)
          #expect(fragment.obs(as: Float.self)[t + 1, index, 1] == alone[index].observation.y)
        }
      }
      stage.carry()
    }
  }

  @Test func `a batch draws from the streams that it was given`() throws {
    let streams = RandomStreams(seed: 3, worker: 1, incarnation: 0)
    let stage = try Stage(
      EnvironmentConfiguration("CartPole-v1").makeBatch(count: 3, streams: streams),
      stepCount: 1)
    try stage.reset()
    for index in 0..<3 {
      var random = streams.environment(index)
      var environment = CartPole()
      environment.reset(using: &random)
      for element in 0..<4 {
        let observed = stage.fragment.obs(as: Float.self)[0, index, element]
        #expect(observed == environment.observation[element])
      }
    }
  }

  @Test func `a fault names the environment, the step and the reason`() throws {
    let members = [Counter(length: 9), Counter(length: 9, lastStep: 2), Counter(length: 9)]
    let stage = try Stage(batch(members), stepCount: 4)
    try stage.reset()
    let fault = try #require(throws: EnvironmentFault.self) { try stage.collect() }
    #expect(fault.environment == 1)
    #expect(fault.step == 2)
    #expect(
      fault.description
        == "environment 1 failed at step 2 of its episode: the spring is worn out")
    // A crash leaves no error, but the same position is marked.
    #expect(stage.marked == .init(environment: 1, step: 2))
  }

  @Test func `a reset that fails is a fault after the episode's last step`() throws {
    let stage = try Stage(batch([Counter(length: 3, lastReset: 1)]), stepCount: 4)
    try stage.reset()
    let fault = try #require(throws: EnvironmentFault.self) { try stage.collect() }
    #expect(fault.environment == 0 && fault.step == 3)
    let first = try #require(throws: EnvironmentFault.self) { try stage.reset() }
    #expect(first.step == 0)
  }

  @Test func `every environment is marked before it steps`() throws {
    let stage = try Stage(batch([Counter(length: 9), Counter(length: 2)]), stepCount: 3)
    try stage.reset()
    try stage.collect()
    #expect(stage.marked == .init(environment: 1, step: 0))
  }

  @Test func `a fragment of another size is refused`() async {
    await #expect(processExitsWith: .failure) {
      let two = try Stage(batch([Counter(length: 1), Counter(length: 1)]), stepCount: 1)
      try batch([Counter(length: 1)]).reset(into: two.fragment, row: 0)
    }
    await #expect(processExitsWith: .failure) {
      let stage = try Stage(batch([Counter(length: 1)]), stepCount: 1)
      try stage.batch.step(stage.fragment, from: 1, sticky: false, position: stage.position)
    }
  }

  @Test func `one environment can be looked at`() throws {
    let counters = try batch([Counter(length: 1), Counter(length: 2)])
    #expect(counters[1].length == 2)
  }
}
