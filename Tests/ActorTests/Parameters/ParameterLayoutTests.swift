import Actor
import Foundation
import Rollout
import Testing

/// Tests of first weights: PyTorch's bounds and moments, reproducible with a random seed.
struct ParameterLayoutTests {
  /// Returns the layers' parameters, drawn.
  private func drawn(seed: UInt64) -> (layout: ParameterLayout, weights: FlatVector<Double>) {
    let graph = Graph()
    let indices = graph.input([1], elementType: .int32)
    let x = graph.embedding(indices, count: 100, width: 64, name: "embedding")
    _ = graph.linear(graph.linear(x, outputs: 256, name: "wide"), outputs: 3, name: "narrow")
    _ = graph.parameter("scale", [5], .constant(0.25))
    let weights = FlatVector<Double>(repeating: .nan, count: graph.parameters.elementCount)
    var random = PCG64(seed: seed)
    graph.parameters.initialize(weights, using: &random)
    return (graph.parameters, weights)
  }

  @Test func `parameters lie one behind the other in the order of their names' first use`() {
    let layout = drawn(seed: 1).layout
    #expect(
      layout.entries.map(\.name) == [
        "embedding.weight", "wide.weight", "wide.bias", "narrow.weight", "narrow.bias", "scale",
      ])
    var end = 0
    for entry in layout.entries {
      #expect(entry.offset == end)
      end = entry.range.upperBound
    }
    #expect(layout.elementCount == end)
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `a layer's weights are uniform within one over the root of its inputs`(seed: UInt64) {
    let (layout, weights) = drawn(seed: seed)
    for (name, inputs) in [("wide", 64.0), ("narrow", 256)] {
      let bound = 1 / inputs.squareRoot()
      for entry in layout.entries where entry.name.hasPrefix("\(name).") {
        let values = Array(weights.elements[entry.range])
        #expect(values.allSatisfy { $0 >= -bound && $0 < bound })
        let count = Double(values.count)
        guard count > 100 else { continue }
        #expect((values.map(abs).max() ?? 0) > 0.97 * bound)
        // Five standard errors: the mean's is b/√(3n), the second moment's b² √(4/45n).
        let mean = values.reduce(0, +) / count
        let second = values.reduce(0) { $0 + $1 * $1 } / count
        #expect(abs(mean) < 5 * bound / (3 * count).squareRoot())
        #expect(
          abs(second - bound * bound / 3) < 5 * bound * bound * (4 / (45 * count)).squareRoot())
      }
    }
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `an embedding is standard normal, a constant is constant`(seed: UInt64) {
    let (layout, weights) = drawn(seed: seed)
    let values = Array(weights.elements[layout.entries[0].range])
    let count = Double(values.count)
    // Five standard errors of the first four moments: variances 1, 2, 15 and 96 over n.
    let moments = (1...4).map { power in
      values.reduce(0) { $0 + pow($1, Double(power)) } / count
    }
    for (moment, (expected, variance)) in zip(moments, [(0.0, 1.0), (1, 2), (0, 15), (3, 96)]) {
      #expect(abs(moment - expected) < 5 * (variance / count).squareRoot())
    }
    #expect(weights.elements.suffix(5) == [0.25, 0.25, 0.25, 0.25, 0.25])
  }

  @Test func `equal seeds give equal weights, in Float those of Double rounded`() {
    let (layout, weights) = drawn(seed: 1)
    #expect(drawn(seed: 1).weights.elements == weights.elements)
    #expect(drawn(seed: 2).weights.elements.prefix(5) != weights.elements.prefix(5))
    let narrow = FlatVector<Float>(repeating: .nan, count: weights.count)
    var random = PCG64(seed: 1)
    layout.initialize(narrow, using: &random)
    #expect(narrow.elements == weights.elements.map { Float($0) })
  }
}
