import Rollout
import Testing

@testable import Actor

/// Tests of tracing: shapes, names and rejected operations.
struct GraphTests {
  @Test func `shapes follow from operands`() {
    let graph = Graph()
    let x = graph.input([2, 3, 4])
    #expect(x.lastAxis == 4 && x.rowCount == 6 && x.elementCount == 24)
    #expect(x.sum().shape == [] && x.sum().lastAxis == 1 && x.sum().rowCount == 1)
    #expect(x.sumOverLastAxis().shape == [2, 3])
    #expect(graph.linear(x, outputs: 7, name: "a").shape == [2, 3, 7])
    #expect(graph.concatenate([x, x]).shape == [2, 3, 8])
    #expect(graph.concatenate([x]).id == x.id)
    #expect(x.rows(1..<2).shape == [1, 3, 4])
    #expect(x.reshaped([24]).shape == [24])
    #expect((x.sum() * x).shape == [2, 3, 4] && (x - x.sum()).shape == [2, 3, 4])
    let indices = graph.input([2, 3], elementType: .int32)
    #expect(x.pick(indices).shape == [2, 3])
    #expect(graph.embedding(indices, count: 5, width: 6, name: "b").shape == [2, 3, 6])
    #expect(graph.oneHotBits(indices).shape == [2, 3, 63])
  }

  @Test func `a name stands for one parameter`() {
    let graph = Graph()
    let first = graph.parameter("w", [2, 3], .constant(0))
    #expect(graph.parameter("w", [2, 3], .constant(1)).id == first.id)
    #expect(graph.parameters.entries.map(\.initialization) == [.constant(0)])
    #expect(graph.parameters.elementCount == 6)
  }

  @Test func `a name cannot have two shapes`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.parameter("w", [2, 3], .constant(0))
      _ = graph.parameter("w", [3, 2], .constant(0))
    }
  }

  @Test func `tensors of two graphs do not meet`() async {
    await #expect(processExitsWith: .failure) { _ = Graph().input([2]) + Graph().input([2]) }
  }

  @Test func `shapes that do not fit are refused`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input([2, 3]) + graph.input([3])
    }
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.concatenate([graph.input([2, 3]), graph.input([3, 3])])
    }
    await #expect(processExitsWith: .failure) { _ = Graph().input([2, 3]).reshaped([5]) }
    await #expect(processExitsWith: .failure) { _ = Graph().input([2, 3]).rows(1..<3) }
  }
}
