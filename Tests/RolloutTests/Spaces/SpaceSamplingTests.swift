import Testing

@testable import Rollout

struct SpaceSamplingTests {
  /// Draws values of a space, the only action, and passes each to `look`.
  private func draw(
    _ space: Space, _ count: Int, where isAllowed: (Int, Int) -> Bool = { _, _ in true },
    _ look: (LeafRow) -> Void
  ) {
    let contents = FragmentContents(
      spaces: EnvironmentSpaces(observation: .discrete(2), action: space), reaction: .empty)
    let storage = FragmentStorage(
      FragmentLayout(stepCount: 0, environmentCount: 1, contents: contents))
    var random = PCG64(seed: 5)
    storage.layout.columns.withUnsafeBufferPointer { columns in
      guard let columns = columns.baseAddress else { return }
      let leaves = StateRow(storage.view, columns: columns, row: 0).act(0)
      for _ in 0..<count {
        space.sample(into: leaves, using: &random, where: isAllowed)
        look(leaves)
      }
    }
    withExtendedLifetime(storage) {}
  }

  private static let spaces: [Space] = [
    .discrete(1), .discrete(7), .multiDiscrete([2, 3, 1]), .multiBinary(5),
    .box(shape: [2, 2], low: -1, high: 3), .box(shape: [], low: 2, high: .infinity),
    .box(shape: [3], low: -.infinity, high: -4, elementType: .float64),
    .box(shape: [1], low: -.infinity, high: .infinity),
    .box(shape: [9], low: 0, high: 255, elementType: .uint8),
    .box(shape: [2], low: -3, high: 4, elementType: .int32),
    .box(shape: [2], low: -3, high: 4, elementType: .int64),
    .box(shape: [2], low: 0, high: 1, elementType: .bool),
    .dict([
      .init("a", .discrete(3)),
      .init("b", .tuple([.multiBinary(2), .box(shape: [2], low: 0, high: 1)])),
    ]),
  ]

  @Test(arguments: spaces)
  func `what is drawn lies in the space`(space: Space) {
    draw(space, 300) { leaves in
      #expect(space.violation(in: leaves) == nil)
      #expect(space.nonFinite(in: leaves) == nil)
    }
    #expect(space.flaw == nil)
  }

  @Test func `every choice is drawn about as often`() {
    var counts = [Int](repeating: 0, count: 5)
    draw(.discrete(5), 10_000) { counts[Int($0.load(Int32.self))] += 1 }
    // Five standard deviations of a binomial count around 2000: √(10000 · 0.2 · 0.8) = 40.
    #expect(counts.allSatisfy { abs($0 - 2000) < 200 })
    var bytes = [Int](repeating: 0, count: 4)
    draw(.box(shape: [1], low: 0, high: 3, elementType: .uint8), 10_000) {
      bytes[Int($0.load(UInt8.self))] += 1
    }
    // √(10000 · 0.25 · 0.75) = 43.
    #expect(bytes.allSatisfy { abs($0 - 2500) < 215 })
  }

  @Test func `a Box between bounds is uniform and one without is normal`() {
    var (uniform, normal): ([Double], [Double]) = ([], [])
    draw(.box(shape: [1], low: -1, high: 3), 10_000) { uniform.append(Double($0.load(Float.self))) }
    draw(.box(shape: [1], low: -.infinity, high: .infinity), 10_000) {
      normal.append(Double($0.load(Float.self)))
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    // Five standard errors: 4/√12/100 = 0.012, 1/100, and √2/100 for the squares.
    #expect(abs(mean(uniform) - 1) < 0.06)
    #expect(abs(mean(normal)) < 0.05 && abs(mean(normal.map { $0 * $0 }) - 1) < 0.071)
  }

  @Test func `only what is allowed is drawn, or everything where nothing is`() {
    draw(.discrete(6), 200, where: { $1 == 2 || $1 == 5 }) {
      #expect([2, 5].contains($0.load(Int32.self)))
    }
    draw(.multiDiscrete([3, 4]), 200, where: { $0 == 0 ? $1 == 1 : $1 != 3 }) {
      #expect($0.load(Int32.self, at: 0) == 1 && $0.load(Int32.self, at: 1) != 3)
    }
    var seen: Set<Int32> = []
    draw(.discrete(3), 200, where: { _, _ in false }) { seen.insert($0.load(Int32.self)) }
    #expect(seen == [0, 1, 2])
  }

  @Test func `a violation names leaf, element and value`() {
    func violation(_ space: Space, _ write: (LeafRow) -> Void) -> String? {
      var text: String?
      draw(space, 1) { leaves in
        write(leaves)
        text = space.violation(in: leaves)
      }
      return text
    }
    #expect(violation(.discrete(3)) { $0.store(Int32(3)) } == "is 3, outside Discrete(3)")
    #expect(
      violation(.multiDiscrete([2, 3])) { $0.store(Int32(-1), at: 1) }
        == "[1] is -1, outside MultiDiscrete([2, 3])")
    #expect(
      violation(.dict([.init("a", .box(shape: [2], low: 0, high: 1))])) {
        $0.store(Float(1.5), at: 1)
      } == "a[1] is 1.5, outside Box(0.0, 1.0, [2], float32)")
    #expect(
      violation(.box(shape: [], low: 0, high: 1, elementType: .bool)) { $0.store(UInt8(165)) }
        == "is the byte 165, not a bool")
    // π as a Float is above π as a Double.
    #expect(violation(.box(shape: [1], low: 0, high: .pi)) { $0.store(Float.pi) } == nil)
    #expect(
      violation(.box(shape: [1], low: 0, high: .pi)) { $0.store(Float.pi.nextUp.nextUp) } != nil)
  }

  @Test func `a declaration that can have no values has a flaw`() {
    let flawed: [Space] = [
      .box(shape: [2], low: 1, high: 0), .box(shape: [2, 0], low: 0, high: 1),
      .box(shape: [1], low: .nan, high: 1), .discrete(0), .multiDiscrete([2, 0]),
      .multiDiscrete([]), .multiBinary(0), .dict([]), .tuple([.discrete(1), .discrete(-1)]),
    ]
    for space in flawed { #expect(space.flaw != nil, "\(space)") }
  }
}
