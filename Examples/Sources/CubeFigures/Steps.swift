import Actor
import Foundation
import Learner

/// The weights of the ELU network, matrices row by row as [inputs, outputs].
struct Parameters {
  var w1: [Double]
  var b1: [Double]
  var w2: [Double]
  var b2: [Double]
}

/// A forward pass and one step of gradient descent.
typealias Step = (logits: [Double], logPi: Double, after: Parameters)

extension CubeFigures {
  /// Traces the network and its loss, and lets the library derive the gradient.
  static func byGraph(_ x: [Double], _ before: Parameters, _ weight: Double) -> Step {
    let graph = Graph()
    let observation = graph.input([1, inputs])
    let taken = graph.input([1], elementType: .int32)
    let logits = graph.linear(
      graph.linear(observation, outputs: hidden, name: "1").elu(), outputs: actions, name: "2")
    let logPi = logits.logSoftmax().pick(taken)
    let executor = DoubleExecutor(graph, outputs: [logits, logPi], loss: -weight * logPi.sum())
    // The graph has PyTorch's matrices, [outputs, inputs].
    let flat = transposed(before.w1, inputs) + before.b1 + transposed(before.w2, hidden) + before.b2
    for (index, value) in flat.enumerated() { executor.weights[index] = value }
    executor.set(observation, to: x)
    executor.set(taken, toIntegers: [Int32(action)])
    executor.run()
    SGD<Double>(count: flat.count, learningRate: rate).step(executor.weights, executor.gradients)
    var rest = flat.indices.map { executor.weights[$0] }[...]
    func take(_ count: Int) -> [Double] {
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    let after = Parameters(
      w1: transposed(take(inputs * hidden), hidden), b1: take(hidden),
      w2: transposed(take(hidden * actions), actions), b2: take(actions))
    return (executor.values(of: logits), executor.values(of: logPi)[0], after)
  }

  /// Computes the same as the notebook does in NumPy, with the gradient written by hand.
  static func byHand(_ x: [Double], _ before: Parameters, _ weight: Double) -> Step {
    let sums = linear(x, before.w1, before.b1)
    let units = sums.map { $0 > 0 ? $0 : exp($0) - 1 }
    let logits = linear(units, before.w2, before.b2)
    let top = logits.max() ?? 0
    let total = logits.reduce(0) { $0 + exp($1 - top) }
    let chances = logits.map { exp($0 - top) / total }

    // ∂ log π / ∂ logits = e_a − π, then backwards through both layers.
    let delta = chances.indices.map { ($0 == action ? 1 : 0) - chances[$0] }
    let inner = units.indices.map { unit in
      let sum = delta.indices.reduce(0) { $0 + before.w2[unit * actions + $1] * delta[$1] }
      return sum * (sums[unit] > 0 ? 1 : exp(sums[unit]))
    }
    func moved(_ values: [Double], _ gradient: [Double]) -> [Double] {
      zip(values, gradient).map { $0 + rate * weight * $1 }
    }
    let after = Parameters(
      w1: moved(before.w1, x.flatMap { a in inner.map { a * $0 } }), b1: moved(before.b1, inner),
      w2: moved(before.w2, units.flatMap { a in delta.map { a * $0 } }),
      b2: moved(before.b2, delta))
    return (logits, log(chances[action]), after)
  }

  private static func linear(_ x: [Double], _ w: [Double], _ b: [Double]) -> [Double] {
    b.indices.map { output in
      x.indices.reduce(0) { $0 + x[$1] * w[$1 * b.count + output] } + b[output]
    }
  }

  /// Returns a matrix of so many rows with rows and columns exchanged.
  private static func transposed(_ matrix: [Double], _ rows: Int) -> [Double] {
    let columns = matrix.count / rows
    return (0..<columns).flatMap { column in
      (0..<rows).map { matrix[$0 * columns + column] }
    }
  }
}
