import Rollout
import Testing

struct SpaceTests {
  @Test func `every space says what it is stored as`() {
    let cases: [(Space, LeafSpecification, Int)] = [
      (.box(shape: [2, 3], low: 0, high: 1), .init(.float32, [2, 3]), 24),
      (.box(shape: [], low: 0, high: 1, elementType: .float64), .init(.float64, []), 8),
      (
        .box(shape: [84, 84], low: 0, high: 255, elementType: .uint8), .init(.uint8, [84, 84]), 7056
      ),
      (.discrete(7), .init(.int32, []), 4),
      (.multiDiscrete([2, 3, 4]), .init(.int32, [3]), 12),
      (.multiBinary(5), .init(.uint8, [5]), 5),
    ]
    for (space, leaf, byteCount) in cases {
      #expect(space.leaves == .leaf(leaf))
      #expect(leaf.byteCount == byteCount)
      #expect(space.parts == .leaf(space))
    }
  }

  @Test func `containers keep their structure`() {
    let space = Space.dict([
      .init("z", .discrete(2)), .init("a", .tuple([.multiBinary(3), .discrete(4)])),
    ])
    #expect(space.leaves.paths() == ["z", "a.0", "a.1"])
    #expect(space.leaves.leaves.map(\.elementType) == [.int32, .uint8, .int32])
    #expect(space.parts.leaves == [.discrete(2), .multiBinary(3), .discrete(4)])
    #expect(space.parts.paths() == space.leaves.paths())
  }

  @Test func `spaces read as Gymnasium writes them`() {
    let space = Space.dict([
      .init("view", .box(shape: [2], low: -1, high: 1)),
      .init("rest", .tuple([.discrete(2), .multiDiscrete([3, 4]), .multiBinary(5)])),
    ])
    #expect(
      space.description == """
        Dict(view: Box(-1.0, 1.0, [2], float32), \
        rest: Tuple(Discrete(2), MultiDiscrete([3, 4]), MultiBinary(5)))
        """)
  }

  @Test(arguments: ElementType.allCases)
  func `an element's width is its Swift type's`(type: ElementType) {
    let widths: [ElementType: Int] = [
      Float.elementType: MemoryLayout<Float>.stride,
      Double.elementType: MemoryLayout<Double>.stride,
      Int32.elementType: MemoryLayout<Int32>.stride,
      Int64.elementType: MemoryLayout<Int64>.stride,
      UInt8.elementType: MemoryLayout<UInt8>.stride,
      Bool.elementType: MemoryLayout<Bool>.stride,
    ]
    #expect(widths[type] == type.byteCount)
  }
}
