import Actor
import Rollout
import TestSupport
import Testing

@testable import Learner

/// Replay that stores each stacked frame once, compared with replay that stores whole batches.
struct SharedFrameTests {
  private static let depth = 4

  /// Returns two collectors of stacked observations with short episodes, as two workers are.
  private static func rollouts(stepCount: Int) throws -> [SameProcess] {
    try [5, 6].map { seed in
      try SameProcess(
        RolloutSetup(
          environment: EnvironmentConfiguration(
            "CartPole-v1", limit: .steps(11), wrappers: [.frameStack(depth)]),
          policy: NetworkPolicy(hidden: [4]), environmentCount: 3, stepCount: stepCount,
          seed: seed))
    }
  }

  /// Returns the bytes of all fields, with zeros for final observations of episodes that go on.
  private static func bytes(_ fragment: FragmentView) -> [[UInt8]] {
    let layout = fragment.layout
    return layout.columns.indices.map { index in
      let column = layout.columns[index]
      var bytes = Array(
        fragment.bytes[column.offset..<column.offset + column.byteCount])
      guard layout.finalObsPlaces.contains(index) else { return bytes }
      for row in 0..<layout.stepCount {
        for environment in 0..<layout.environmentCount
        where !fragment.hasEnded(row, environment) {
          let first = column.offset(row: row, environment: environment) - column.offset
          for place in first..<first + column.environmentStride { bytes[place] = 0 }
        }
      }
      return bytes
    }
  }

  @Test(arguments: [1, 3, 12], [0, 0.6])
  func `draws are those of plain storage, and a step has one frame`(
    stepCount: Int, exponent: Double
  ) throws {
    let rollouts = try Self.rollouts(stepCount: stepCount)
    let layout = rollouts[0].batchLayout
    let (batchSteps, capacity) = (3 * stepCount, 20 * 3 * stepCount)
    let store = FrameStore(layout, depth: Self.depth, environmentCount: 6)
    let plain = ReplayBuffer(steps: capacity, of: layout, priorityExponent: exponent)
    let shared = ReplayBuffer(
      steps: capacity, of: layout, priorityExponent: exponent, sharing: store)
    let samples = [plain, shared].map { _ in
      FragmentStorage(layout.resized(environmentCount: 9)).view
    }
    var (random, endings) = (PCG64(seed: 3), [Int]())
    for turn in 0..<70 {
      // Fragments of two workers arrive in any order, and one batch is taken back.
      let rollout = rollouts[random.integer(below: 2)]
      rollout.publish(rollout.setup.weights)
      let batch = try rollout.next().view
      for buffer in [plain, shared] {
        buffer.add(batch)
        if turn == 40 {
          buffer.forgetNewest()
          buffer.add(batch)
        }
      }
      endings.append(
        (0..<stepCount).map { row in (0..<3).count { batch.hasEnded(row, $0) } }.reduce(0, +))
      var streams = [random, random]
      for (index, buffer) in [plain, shared].enumerated() {
        buffer.sample(into: samples[index], using: &streams[index])
        buffer.prioritize { Double(samples[index].rew[1, $0]) + Double($0) }
      }
      random = streams[0]
      #expect(Self.bytes(samples[0]) == Self.bytes(samples[1]), "turn \(turn)")
      // A frame for each step, two for each end (the final and the next first one), the stacks
      // before the oldest batches and those of the last rows; one batch more is replaced.
      let steps = min(turn + 1, 21) * batchSteps
      let ends = endings.suffix(21).reduce(0, +)
      #expect(shared.frameCount <= steps + 2 * ends + 2 * 6 * Self.depth, "turn \(turn)")
      #expect(shared.frameCount >= min(turn + 1, 20) * batchSteps)
    }
  }

  @Test func `frames of long episodes need an eighth of the memory`() throws {
    let layout = FragmentLayout(
      stepCount: 4, environmentCount: 2,
      contents: FragmentContents(
        spaces: EnvironmentSpaces(
          observation: .box(shape: [4, 84, 84], low: 0, high: 255, elementType: .uint8),
          action: .discrete(18)),
        reaction: .fields([
          ("logits", .leaf(LeafSpecification(.float32, [18]))),
          ("q", .leaf(LeafSpecification(.float32, [18]))),
        ])))
    let (whole, shared) = (
      ReplayBuffer.byteCount(steps: 1_000_000, of: layout),
      ReplayBuffer.byteCount(steps: 1_000_000, of: layout, sharing: 4)
    )
    // Five rows and four final observations for four steps, of 28,224 bytes each.
    #expect(whole > 63_000_000_000)
    // 7,056 bytes and a 16th, 36 references, and two rows of outputs.
    #expect((7_500_000_000..<8_000_000_000).contains(shared))
  }

  @Test func `only large buffers behind a stack as the outermost wrapper share frames`() throws {
    var configuration = TrainingConfiguration(.dqn)
    configuration.environment.wrappers = [.frameStack(4)]
    configuration.replaySteps = 2_000_000
    func depth() throws -> Int? {
      configuration.sharedStackDepth(try configuration.makeSetup(seed: 1).layout)
    }
    #expect(try depth() == 4)
    configuration.environment.wrappers = [.frameStack(4), .rewardScale(2)]
    #expect(try depth() == nil)
    configuration.environment.wrappers = []
    #expect(try depth() == nil)
    configuration.environment.wrappers = [.frameStack(4)]
    configuration.replaySteps = 1000
    #expect(try depth() == nil)
  }
}
