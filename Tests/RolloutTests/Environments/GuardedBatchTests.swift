import Testing

@testable import Rollout

/// A custom batch that observes the actions it receives and does not clip them.
private class OwnBatch: EnvironmentBatch {
  let count = 2
  let spaces: EnvironmentSpaces
  private let length: Int
  private let emptyMaskStep: Int?

  /// - Parameters:
  ///   - length: the steps of the first environment's episodes.
  ///   - emptyMaskStep: the step of the second environment's episode at which its mask allows
  ///     nothing.
  init(_ action: Space, length: Int = .max, emptyMaskStep: Int? = nil) {
    spaces = EnvironmentSpaces(
      observation: .dict([
        SpaceField("echo", .box(shape: [], low: -.infinity, high: .infinity)),
        SpaceField("action_mask", .multiBinary(2)),
      ]), action: action)
    self.length = length
    self.emptyMaskStep = emptyMaskStep
  }

  func restart(streams: [PCG64]) {}

  func reset(into fragment: FragmentView, row: Int) throws {
    for index in 0..<count {
      show(0, index, fragment, row)
      fragment.rew[row, index] = 0
      fragment.fin[row, index] = true
      setAction(0, index, fragment, row)
    }
  }

  func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    for index in 0..<count {
      let isFrozen = sticky && t > 0 && fragment.fin[t, index]
      if isFrozen { setAction(action(index, fragment, t), index, fragment, t + 1) }
      let step = Int(fragment.stepno[t, index]) + 1
      let isOver = !isFrozen && index == 0 && step == length
      fragment.rew[t + 1, index] = 0
      fragment.fin[t + 1, index] = isOver || isFrozen
      fragment.terminated[t, index] = isOver
      fragment.truncated[t, index] = false
      show(isOver || isFrozen ? 0 : step, index, fragment, t + 1)
    }
  }

  private func show(_ step: Int, _ index: Int, _ fragment: FragmentView, _ row: Int) {
    let leaves = fragment.layout.obs.leaves
    let (echo, mask): (ColumnView<Float>, ColumnView<UInt8>) = (
      fragment.column(leaves[0]), fragment.column(leaves[1])
    )
    echo[row, index] = action(index, fragment, row)
    for choice in 0..<2 { mask[row, index, choice] = index == 1 && step == emptyMaskStep ? 0 : 1 }
    fragment.stepno[row, index] = Int32(step)
  }

  private func action(_ index: Int, _ fragment: FragmentView, _ row: Int) -> Float {
    if case .discrete = spaces.action { return Float(fragment.act(as: Int32.self)[row, index]) }
    return fragment.act(as: Float.self)[row, index]
  }

  private func setAction(_ value: Float, _ index: Int, _ fragment: FragmentView, _ row: Int) {
    if case .discrete = spaces.action {
      fragment.act(as: Int32.self)[row, index] = Int32(value)
    } else {
      fragment.act(as: Float.self)[row, index] = value
    }
  }
}

private final class OwnRestartableBatch: OwnBatch, RestartableBatch {}

struct GuardedBatchTests {
  private static let lever = Space.box(shape: [], low: -1, high: 1)

  /// Returns the batch as made by a registry.
  private func stage(_ own: OwnBatch, stepCount: Int = 3) throws -> Stage {
    Stage(try registered(own, bounds: .scale), stepCount: stepCount)
  }

  private func play(_ stage: Stage, sticky: Bool = false) throws {
    try stage.reset()
    let actions = stage.fragment.act(as: Float.self)
    for t in 0..<3 {
      for index in 0..<2 { actions[t + 1, index] = [5, -3, 0.25][t] + Float(index) / 8 }
      try stage.batch.step(stage.fragment, from: t, sticky: sticky, position: stage.position)
    }
  }

  @Test func `a batch of one's own is handed clipped actions, and what was drawn stays`() throws {
    let stage = try stage(OwnBatch(Self.lever))
    try play(stage)
    let echo: ColumnView<Float> = stage.fragment.column(stage.fragment.layout.obs.leaves[0])
    #expect((1...3).map { echo[$0, 0] } == [1, -1, 0.25])
    #expect((1...3).map { echo[$0, 1] } == [1, -1, 0.375])
    let actions = stage.fragment.act(as: Float.self)
    #expect((1...3).map { actions[$0, 0] } == [5, -3, 0.25])
    #expect((1...3).map { actions[$0, 1] } == [5.125, -2.875, 0.375])
  }

  @Test func `a sticky fragment repeats the action as it was drawn`() throws {
    let stage = try stage(OwnBatch(Self.lever, length: 1))
    try play(stage, sticky: true)
    let actions = stage.fragment.act(as: Float.self)
    #expect((1...3).map { actions[$0, 0] } == [5, 5, 5])
    #expect((1...3).map { actions[$0, 1] } == [5.125, -2.875, 0.375])
  }

  @Test func `a mask that allows nothing is a fault of a batch of one's own`() throws {
    let stage = try stage(OwnBatch(.discrete(2), emptyMaskStep: 2))
    try stage.reset()
    let fault = try #require(throws: EnvironmentFault.self) { try stage.collect { _, _ in 1 } }
    #expect((fault.environment, fault.step) == (1, 2))
    #expect(fault.cause is EmptyActionMask)
    let first = try self.stage(OwnBatch(.discrete(2), emptyMaskStep: 0))
    #expect(throws: EnvironmentFault.self) { try first.reset() }
  }

  @Test func `what can begin anew still can`() throws {
    #expect(try stage(OwnRestartableBatch(Self.lever)).batch.canRestart)
    #expect(try stage(OwnBatch(Self.lever)).batch.canRestart == false)
  }

  @Test func `nothing goes around a batch that needs nothing`() throws {
    // A mask for two actions does not apply to three, and a choice has no bounds.
    let own = OwnBatch(.discrete(3))
    #expect(try stage(own).batch === own)
    let streams = [PCG64(seed: 0)]
    let car = try EnvironmentConfiguration("MountainCar-v0", limit: .unlimited)
      .makeBatch(streams: streams)
    #expect(car is NativeEnvironmentBatch<MountainCar>)
    let pendulum = try EnvironmentConfiguration("Pendulum-v1", limit: .unlimited)
      .makeBatch(streams: streams)
    #expect((pendulum as? GuardedBatch)?.inner is NativeEnvironmentBatch<Pendulum>)
  }
}
