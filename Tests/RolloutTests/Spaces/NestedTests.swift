import Rollout
import Testing

struct NestedTests {
  let sample: Nested<Int> = .fields([
    ("b", .leaf(1)), ("a", .list([.leaf(2), .fields([("c", .leaf(3))])])), ("none", .empty),
  ])

  @Test func `leaves and paths keep the declared order`() {
    #expect(sample.leaves == [1, 2, 3])
    #expect(sample.paths() == ["b", "a.0", "a.1.c"])
    #expect(sample.paths(below: "env") == ["env.b", "env.a.0", "env.a.1.c"])
    #expect(Nested.leaf(5).paths() == [""])
    #expect(Nested.leaf(5).paths(below: "obs") == ["obs"])
    #expect(Nested<Int>.empty.leaves.isEmpty && Nested<Int>.empty.paths().isEmpty)
  }

  @Test func `map keeps the structure`() {
    let doubled = sample.map { $0 * 2 }
    #expect(doubled.leaves == [2, 4, 6])
    #expect(doubled.paths() == sample.paths())
  }

  @Test func `map stops at an error`() {
    struct Three: Error {}
    var seen: [Int] = []
    #expect(throws: Three.self) {
      _ = try sample.map { leaf throws(Three) in
        seen.append(leaf)
        if leaf == 2 { throw Three() }
      }
    }
    #expect(seen == [1, 2])
  }

  @Test func `zip pairs equal structures only`() throws {
    let pairs = try #require(sample.zip(sample.map { "\($0)" }))
    #expect(pairs.leaves.allSatisfy { "\($0.0)" == $0.1 })
    #expect(pairs.paths() == sample.paths())
    let others: [Nested<Int>] = [
      .leaf(1), .list([.leaf(1)]), .fields([("a", .leaf(1)), ("b", .leaf(2))]), .empty,
    ]
    for (position, one) in others.enumerated() {
      for (other, two) in others.enumerated() {
        #expect((one.zip(two) != nil) == (position == other))
      }
    }
  }

  @Test func `parts are found by name and by position`() {
    #expect(sample["a"]?[1]?["c"]?.value == 3)
    #expect(sample[0]?.value == 1)
    #expect(sample["z"] == nil && sample[3] == nil && sample["a"]?["c"] == nil)
    #expect(Nested.leaf(1)[0] == nil && Nested.leaf(1)["a"] == nil)
    #expect(sample.value == nil)
  }

  @Test func `equality looks at structure, names and leaves`() {
    #expect(sample == sample)
    #expect(sample != sample.map { $0 + 1 })
    #expect(Nested.list([.leaf(1)]) != Nested.fields([("0", .leaf(1))]))
    #expect(Nested.fields([("a", .leaf(1))]) != Nested.fields([("b", .leaf(1))]))
    #expect(Nested.list([.leaf(1)]) != Nested.leaf(1))
  }

  @Test func `values can be filled in`() async {
    #expect(sample.filled(with: ["x", "y", "z"])["a"]?[0]?.value == "y")
    await #expect(processExitsWith: .failure) {
      _ = Nested.leaf(1).filled(with: [1, 2])
    }
  }
}
