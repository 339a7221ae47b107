import Rollout
import TestSupport
import Testing

@Suite(.enabled(if: Python.hasGymnasium, "\(Python.gymnasiumAbsence)"), .timeLimit(.minutes(10)))
struct GymnasiumSpaceTests {
  let cases: PythonEnvironments

  init() throws { cases = try PythonEnvironments() }

  func batch(_ id: String, count: Int = 2) throws -> GymnasiumBatch {
    try GymnasiumBatch(
      "rlplay_cases:\(id)", streams: (0..<count).map { PCG64(seed: UInt64($0)) },
      python: cases.python)
  }

  @Test func `spaces are what Gymnasium declares, in its order`() throws {
    let spaces = try batch("Mirror-v0").spaces
    // Gymnasium sorts the parts of a Dict by name.
    #expect(
      spaces.observation
        == .dict([
          SpaceField("choice", .discrete(5)),
          SpaceField("half", .box(shape: [], low: -1, high: 1)),
          SpaceField("image", .box(shape: [2, 3, 1], low: 0, high: 255, elementType: .uint8)),
          SpaceField("pair", .tuple([.multiDiscrete([3, 4]), .multiBinary(4)])),
          SpaceField("short", .box(shape: [1], low: -100, high: 100, elementType: .int32)),
          SpaceField(
            "wide", .box(shape: [2], low: -.infinity, high: .infinity, elementType: .float64)),
        ]))
    #expect(
      spaces.action
        == .tuple([
          .discrete(5),
          .dict([
            SpaceField("bits", .multiBinary(4)), SpaceField("many", .multiDiscrete([3, 4])),
            SpaceField("uneven", .box(shape: [2], low: -2, high: 2)),
          ]),
        ]))
  }

  @Test func `values of every space go there and come back`() throws {
    let batch = try registered(batch("Mirror-v0"))
    let stage = Stage(batch, stepCount: 1)
    let layout = stage.storage.layout
    let fragment = stage.fragment
    try stage.reset()
    let act = layout.act.leaves
    let (choice, bits): (ColumnView<Int32>, ColumnView<UInt8>) =
      (fragment.column(act[0]), fragment.column(act[1]))
    let (many, uneven): (ColumnView<Int32>, ColumnView<Float>) =
      (fragment.column(act[2]), fragment.column(act[3]))
    for index in 0..<2 {
      choice[1, index] = Int32(index + 1)
      for bit in 0..<4 { bits[1, index, bit] = UInt8((bit + index) % 2) }
      (many[1, index, 0], many[1, index, 1]) = (Int32(index), 3)
      // Values beyond the bounds, which are ±1 for the first element and ±2 for the second.
      (uneven[1, index, 0], uneven[1, index, 1]) = (1.5, index == 0 ? -3 : 1.5)
    }
    try batch.step(fragment, from: 0, sticky: false, position: .unread)

    let obs = layout.obs.leaves
    let seenChoice: ColumnView<Int32> = fragment.column(obs[0])
    let half: ColumnView<Float> = fragment.column(obs[1])
    let image: ColumnView<UInt8> = fragment.column(obs[2])
    let seenMany: ColumnView<Int32> = fragment.column(obs[3])
    let seenBits: ColumnView<UInt8> = fragment.column(obs[4])
    let short: ColumnView<Int32> = fragment.column(obs[5])
    let wide: ColumnView<Double> = fragment.column(obs[6])
    for index in 0..<2 {
      #expect(seenChoice[0, index] == 0)
      #expect(seenChoice[1, index] == Int32(index + 1))
      #expect(half[1, index] == 0.5)
      // 250 + the element's index − Gymnasium's choice, which is counted from 3.
      for pixel in 0..<6 { #expect(image[1, index, pixel] == UInt8(246 - index + pixel)) }
      #expect([seenMany[1, index, 0], seenMany[1, index, 1]] == [Int32(index), 3])
      for bit in 0..<4 { #expect(seenBits[1, index, bit] == UInt8((bit + index) % 2)) }
      #expect(short[1, index] == -7)
      #expect([wide[1, index, 0], wide[1, index, 1]] == [1, index == 0 ? -2 : 1.5])
      #expect(fragment.rew[1, index] == 0.5)
      // The fragment keeps the drawn value.
      #expect(uneven[1, index, 0] == 1.5)
    }
  }

  @Test func `a space that cannot be played is named`() throws {
    let error = try #require(throws: GymnasiumError.self) { try batch("Listing-v0") }
    #expect(error.kind == .environment)
    #expect(error.description.hasPrefix("it has the space Sequence(Discrete(2)"), "\(error)")
    #expect(error.description.contains("(its part 'names')"), "\(error)")
  }

  @Test(arguments: [
    (
      "uint64",
      "it has the space Box(0, 18446744073709551615, (2,), uint64): numbers of type uint64"
    ),
    ("none", "a space without numbers cannot be played"),
    ("choices", "it has the space Discrete(2147483648): 2147483648 choices are too many"),
    ("many", "2147483648 choices are too many: use at most 2147483647"),
  ])
  func `numbers that cannot be stored are refused by name`(kind: String, words: String) throws {
    let error = try #require(throws: GymnasiumError.self) { try batch("Spacious-\(kind)-v0") }
    #expect(error.kind == .environment)
    #expect(error.description.contains(words), "\(error)")
  }

  @Test func `the largest choice that can be stored is`() throws {
    let stage = Stage(try batch("Spacious-largest-v0"), stepCount: 1)
    try stage.reset()
    #expect(stage.fragment.obs(as: Int32.self)[0, 0] == Int32.max - 1)
  }
}
