import Rollout
import TestSupport
import Testing

@testable import Actor

/// Tests of gradients of tables that linear layers take from sums of rows.
struct TableGradientTests {
  /// A formula of tables of 3 rows of 4 numbers, and of layers that read what is looked up.
  private struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var rows = 27
    var tables: [String] = ["table"]
    var layers: [(name: String, outputs: Int)] = [("layer", 5)]
    var inputs = 7
    /// True if the sums of rows are used.
    var isShortened = true
    var build:
      @Sendable (Graph, _ looked: [Tensor], _ layer: (Tensor, Int) -> Tensor, _ ones: Tensor) ->
        Tensor

    var testDescription: String { name }

    var formula: Formula {
      Formula(
        tables.map { _ in [3, 4] } + layers.map { [$0.outputs, inputs] },
        names: (tables + layers.map(\.name)).map { "\($0).weight" },
        indices: ((0..<rows).map { Int32(($0 * 5 + $0 / 3) % 3) }, [rows / 3, 3])
      ) { graph, x in
        let indices = x[x.count - 1]
        let looked = tables.map { graph.embedding(indices, count: 3, width: 4, name: $0) }
        return build(
          graph, looked,
          { graph.linear($0, outputs: layers[$1].outputs, name: layers[$1].name, bias: false) },
          graph.oneHot(indices, count: 3))
      }
    }
  }

  private static let cases: [Case] = [
    Case(name: "a layer of a concatenation") { graph, looked, layer, ones in
      layer(graph.concatenate([ones, looked[0]]), 0)
    },
    Case(name: "the embedding first, an activation behind", layers: [("layer", 33)]) {
      graph, looked, layer, ones in
      layer(graph.concatenate([looked[0], ones]), 0).tanh()
    },
    Case(name: "two layers of one concatenation", layers: [("a", 20), ("b", 5)]) {
      graph, looked, layer, ones in
      let all = graph.concatenate([ones, looked[0]])
      return graph.concatenate([layer(all, 0).tanh(), layer(all, 1)])
    },
    Case(name: "two tables", tables: ["table", "other"], inputs: 11) { graph, looked, layer, ones in
      layer(graph.concatenate([looked[0], ones, looked[1]]), 0)
    },
    Case(name: "the embedding alone", inputs: 4) { _, looked, layer, _ in
      layer(looked[0], 0)
    },
    Case(name: "a table as large as the batch", rows: 3, isShortened: false) {
      graph, looked, layer, ones in
      layer(graph.concatenate([ones, looked[0]]), 0)
    },
    Case(
      name: "a gradient for another operand", tables: ["table", "other"], inputs: 8,
      isShortened: false
    ) {
      graph, looked, layer, ones in
      layer(graph.concatenate([looked[0], looked[1].squared()]), 0)
    },
    Case(name: "another reader", isShortened: false) { graph, looked, layer, ones in
      let output = layer(graph.concatenate([ones, looked[0]]), 0)
      return graph.concatenate([output, looked[0].squared()])
    },
    Case(name: "the same embedding twice", inputs: 8, isShortened: false) {
      graph, looked, layer, ones in
      layer(graph.concatenate([looked[0], looked[0]]), 0)
    },
    Case(name: "rows of another length", rows: 24, inputs: 14, isShortened: false) {
      graph, looked, layer, ones in
      layer(graph.concatenate([ones, looked[0]]).reshaped([12, 14]), 0)
    },
  ]

  @Test(arguments: cases)
  private func `gradients are central differences, whichever way is taken`(_ test: Case) {
    let formula = test.formula
    let numbers = formula.drawn(seed: 3)
    let run = Formula.Run<Double>(formula, numbers)
    let executor = run.executor
    #expect(
      executor.body.contains { if case .tableGradient = $0 { true } else { false } }
        == test.isShortened)
    #expect(run.gradients.allSatisfy { $0 != 0 })
    // Values do not depend on the way, and other tests have their definitions.
    formula.check(test.name, seed: 3) { _ in run.values }
  }
}
