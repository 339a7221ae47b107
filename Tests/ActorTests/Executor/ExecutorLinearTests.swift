import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests of linear layers planned and run by the executor: with and without bias, fused and not.
struct ExecutorLinearTests {
  private static let sizes = [(1, 1, 1), (3, 5, 2), (4, 8, 17), (9, 33, 4)]

  private func naive(_ activation: Activation, _ sum: Double) -> Double {
    switch activation {
    case .identity: sum
    case .relu: max(sum, 0)
    case .elu: sum > 0 ? sum : expm1(sum)
    case .tanh: Foundation.tanh(sum)
    case .silu: sum / (1 + Foundation.exp(-sum))
    case .gelu: 0.5 * sum * erfc(-sum / 2.0.squareRoot())
    }
  }

  /// Returns x Wᵀ + b by definition; parameters in the order weight, bias if any, x.
  private func sums(_ parameters: [[Double]], rows: Int, inputs: Int, outputs: Int) -> [Double] {
    let x = parameters[parameters.count - 1]
    return (0..<rows * outputs).map { index in
      let (row, output) = (index / outputs, index % outputs)
      let bias = parameters.count > 2 ? parameters[1][output] : 0
      return (0..<inputs).reduce(bias) {
        $0 + x[row * inputs + $1] * parameters[0][output * inputs + $1]
      }
    }
  }

  private func shapes(_ rows: Int, _ inputs: Int, _ outputs: Int, bias: Bool) -> [[Int]] {
    [[outputs, inputs]] + (bias ? [[outputs]] : []) + [[rows, inputs]]
  }

  private func names(bias: Bool) -> [String] {
    ["layer.weight"] + (bias ? ["layer.bias"] : []) + ["x"]
  }

  @Test func `gradients lie in the learned range, whatever an earlier pass left`() {
    let graph = Graph()
    let x = graph.input([5, 3])
    let first = graph.holding { graph.linear(x, outputs: 4, name: "first", activation: .tanh) }
    let learned = graph.linear(first, outputs: 6, name: "learned", activation: .elu)
    let last = graph.freezing { graph.linear(learned, outputs: 2, name: "last") }
    let loss = (last * last).mean()
    func executor() -> Executor<Float> {
      let executor = Executor<Float>(graph, outputs: [], loss: loss)
      var random = PCG64(seed: 1)
      for index in 0..<executor.weights.count {
        executor.weights[index] = Float(random.standardNormal())
      }
      executor.weightsChanged()
      return executor
    }
    func gradients(_ executor: Executor<Float>, seed: UInt64) -> [Float] {
      var random = PCG64(seed: seed)
      executor.drawNormal(x, using: &random)
      executor.forward()
      executor.backward()
      return executor.gradients.elements
    }
    let (fresh, used) = (executor(), executor())
    _ = gradients(used, seed: 2)
    let result = gradients(used, seed: 3)
    #expect(result == gradients(fresh, seed: 3))
    let ranges = graph.parameters.entries.filter { $0.name.hasPrefix("learned") }.map(\.range)
    #expect(used.learnedRange == ranges[0].lowerBound..<ranges[1].upperBound)
    for (index, gradient) in result.enumerated() {
      #expect(used.learnedRange.contains(index) == (gradient != 0), "gradient \(index)")
    }
  }

  @Test func `a gradient is set by its only reader or added up, whatever an earlier pass left`() {
    let graph = Graph()
    let x = graph.input([6, 4])
    func layer(_ x: Tensor, _ name: String) -> Tensor {
      graph.linear(x, outputs: 4, name: name, activation: .tanh)
    }
    let chain = layer(layer(x, "first"), "second")
    let reshaped = layer(layer(chain.reshaped([2, 3, 4]), "third").reshaped([6, 4]), "fourth")
    let shared = layer(reshaped, "fifth")
    let pair = layer(shared, "sixth") * layer(shared, "seventh")
    let parts = layer(pair, "eighth")
    let loss =
      layer(parts.rows(0..<2), "ninth").sum() + layer(parts.rows(1..<5), "tenth").squared().sum()
    func executor() -> Executor<Double> {
      let executor = Executor<Double>(graph, outputs: [], loss: loss)
      var random = PCG64(seed: 1)
      for index in 0..<executor.weights.count { executor.weights[index] = random.standardNormal() }
      executor.weightsChanged()
      return executor
    }
    func draw(_ executor: Executor<Double>, seed: UInt64) {
      var random = PCG64(seed: seed)
      executor.drawNormal(x, using: &random)
      executor.forward()
    }
    let (fresh, used) = (executor(), executor())
    draw(used, seed: 2)
    used.backward()
    draw(used, seed: 3)
    used.backward()
    draw(fresh, seed: 3)
    fresh.backward()
    #expect(used.gradients.elements == fresh.gradients.elements)
    for index in 0..<fresh.weights.count {
      let weight = fresh.weights[index]
      let losses = [weight + 1e-5, weight - 1e-5].map { changed in
        fresh.weights[index] = changed
        fresh.weightsChanged()
        fresh.forward()
        return fresh.value(of: loss)
      }
      fresh.weights[index] = weight
      // The error of central differences is about (1e-5)² times a third derivative below 100, and
      // 1e-16 of a loss of about 10, divided by 1e-5.
      #expect(
        isClose(used.gradients[index], (losses[0] - losses[1]) / 2e-5, absolute: 1e-7), "\(index)")
    }
  }

  @Test(arguments: Activation.allCases, [true, false])
  func `an activation is the same however it is written`(activation: Activation, bias: Bool) {
    for (rows, inputs, outputs) in Self.sizes {
      let shapes = shapes(rows, inputs, outputs, bias: bias)
      let within = Formula(shapes, names: names(bias: bias)) { graph, x in
        graph.linear(
          x[x.count - 1], outputs: outputs, name: "layer", bias: bias, activation: activation)
      }
      let behind = Formula(shapes, names: names(bias: bias)) { graph, x in
        graph.linear(x[x.count - 1], outputs: outputs, name: "layer", bias: bias)
          .activated(activation)
      }
      // A second reader keeps the layer's own result.
      let apart = Formula(shapes, names: names(bias: bias)) { graph, x in
        let y = graph.linear(x[x.count - 1], outputs: outputs, name: "layer", bias: bias)
        return y.activated(activation) + 0.5 * y
      }
      func sums(_ x: [[Double]]) -> [Double] {
        self.sums(x, rows: rows, inputs: inputs, outputs: outputs)
      }
      within.check("\(activation) within") { x in sums(x).map { naive(activation, $0) } }
      behind.check("\(activation) behind") { x in sums(x).map { naive(activation, $0) } }
      apart.check("\(activation) apart") { x in sums(x).map { naive(activation, $0) + 0.5 * $0 } }
    }
  }

  @Test func `a parameter under one name is one, wherever it is used`() {
    for (rows, width) in [(1, 1), (3, 5), (4, 17)] {
      let formula = Formula(
        [[width, width], [width], [rows, width]], names: ["layer.weight", "layer.bias", "x"]
      ) { graph, x in
        let once = graph.linear(x[2], outputs: width, name: "layer", activation: .tanh)
        return graph.linear(once, outputs: width, name: "layer", activation: .elu) + x[1].sum()
      }
      formula.check("one layer twice") { x in
        func layer(_ x: [[Double]]) -> [Double] {
          sums(x, rows: rows, inputs: width, outputs: width)
        }
        let once = layer(x).map { Foundation.tanh($0) }
        return layer([x[0], x[1], once]).map { naive(.elu, $0) + x[1].reduce(0, +) }
      }
    }
  }

  @Test func `layers on rows of several axes, one input read by two`() {
    let formula = Formula(
      [[4, 3], [4], [2, 3], [5, 2, 3]], names: ["a.weight", "a.bias", "b.weight", "x"]
    ) { graph, x in
      let a = graph.linear(x[3], outputs: 4, name: "a").relu()
      let b = graph.linear(x[3], outputs: 2, name: "b", bias: false).tanh()
      return graph.concatenate([a, b])
    }
    formula.check("two heads") { x in
      let a = sums([x[0], x[1], x[3]], rows: 10, inputs: 3, outputs: 4).map { max($0, 0) }
      let b = sums([x[2], x[3]], rows: 10, inputs: 3, outputs: 2).map { Foundation.tanh($0) }
      return (0..<10).flatMap { (row: Int) -> [Double] in
        Array(a[row * 4..<row * 4 + 4]) + Array(b[row * 2..<row * 2 + 2])
      }
    }
  }
}
