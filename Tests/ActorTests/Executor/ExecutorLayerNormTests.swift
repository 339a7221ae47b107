import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests of layer norm against its definition, forwards and backwards.
struct ExecutorLayerNormTests {
  /// Returns the layer norm of one row by definition.
  private func naive(_ x: ArraySlice<Double>, _ weight: [Double], _ bias: [Double]) -> [Double] {
    let count = Double(x.count)
    let mean = x.reduce(0, +) / count
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    return x.enumerated().map { column, value in
      (value - mean) / (variance + 0.3).squareRoot() * weight[column] + bias[column]
    }
  }

  @Test func `rows of every width up to a few vectors`() {
    for width in Array(1...18) + [31, 32, 33, 63, 64, 65, 66, 67] {
      for leading in [[], [1], [3], [2, 3]] where width < 8 || leading != [3] {
        // An epsilon of the variance's size keeps third derivatives near 1, as the differences
        // require.
        let formula = Formula(
          [[width], [width], leading + [width]], names: ["norm.weight", "norm.bias", "x"]
        ) { graph, x in graph.layerNorm(x[2], name: "norm", epsilon: 0.3) }
        formula.check("layer norm") { x in
          stride(from: 0, to: x[2].count, by: width).flatMap {
            naive(x[2][$0..<$0 + width], x[0], x[1])
          }
        }
      }
    }
  }

  @Test func `weights begin as ones, biases as zeros`() {
    let graph = Graph()
    _ = graph.layerNorm(graph.input([2, 5]), name: "norm")
    #expect(graph.parameters.entries.map(\.name) == ["norm.weight", "norm.bias"])
    #expect(graph.parameters.entries.map(\.initialization) == [.constant(1), .constant(0)])
  }

  @Test func `equal numbers become the bias`() {
    let formula = Formula(
      [[7], [7], [7]], names: ["norm.weight", "norm.bias", "x"]
    ) { graph, x in graph.layerNorm(x[2] + 1e6, name: "norm") }
    let numbers = (0..<14).map { Double($0) } + Array(repeating: 0.5, count: 7)
    let run = Formula.Run<Float>(formula, numbers)
    #expect(run.values == (7..<14).map { Double($0) })
  }
}
