import Actor
import Rollout
import TestSupport
import Testing

/// A formula of parameters, run by an executor and compared with its definition.
///
/// The loss is Σ cᵢ outᵢ with fixed random c. Every element's gradient then has a different factor
/// and cannot be mistaken for another's.
struct Formula {
  /// The parameters' shapes.
  var shapes: [[Int]]
  /// The range of random parameters.
  var range = -1.0...1.0
  /// The parameters' names.
  var names: [String]
  /// Integer indices for lookups; the last input of `build`, if any.
  var indices: (numbers: [Int32], shape: [Int])?
  /// Traces the formula from its parameters.
  var build: (Graph, [Tensor]) -> Tensor

  init(
    _ shapes: [[Int]], in range: ClosedRange<Double> = -1...1, names: [String]? = nil,
    indices: (numbers: [Int32], shape: [Int])? = nil,
    build: @escaping (Graph, [Tensor]) -> Tensor
  ) {
    self.shapes = shapes
    self.range = range
    self.names = names ?? shapes.indices.map { "x\($0).weight" }
    self.indices = indices
    self.build = build
  }

  /// An executor of the formula, with parameters and coefficients set.
  final class Run<S: KernelScalar> {
    let executor: Executor<S>
    let loss: Tensor
    let output: Tensor

    init(_ formula: Formula, _ numbers: [Double]) {
      let graph = Graph()
      var inputs = zip(formula.names, formula.shapes).map {
        graph.parameter($0, $1, .constant(0))
      }
      let indices = formula.indices.map { graph.input($0.shape, elementType: .int32) }
      if let indices { inputs.append(indices) }
      output = formula.build(graph, inputs)
      let coefficients = graph.input(output.shape)
      loss = (output * coefficients).sum()
      executor = Executor(graph, outputs: [output], loss: loss)
      var generator = SmallGenerator(seed: 77)
      executor.set(
        coefficients, to: (0..<output.elementCount).map { _ in S(generator.uniform(-1, 1)) })
      executor.weights.assign(numbers.map { S($0) })
      if let indices, let numbers = formula.indices?.numbers {
        executor.set(indices, toIntegers: numbers)
      }
      executor.weightsChanged()
      executor.forward()
    }

    var values: [Double] { executor.values(of: output).map { Double($0) } }

    var gradients: [Double] {
      executor.backward()
      return executor.gradients.elements.map { Double($0) }
    }

    func loss(moving index: Int, by step: S) -> Double {
      let before = executor.weights[index]
      executor.weights[index] = before + step
      executor.weightsChanged()
      executor.forward()
      executor.weights[index] = before
      return Double(executor.value(of: loss))
    }
  }

  /// Returns random parameters in one flat list.
  func drawn(seed: UInt64) -> [Double] {
    var generator = SmallGenerator(seed: seed)
    return (0..<parameterCount).map { _ in
      generator.uniform(range.lowerBound, range.upperBound)
    }
  }

  /// The number of elements of all parameters.
  var parameterCount: Int { shapes.reduce(0) { $0 + $1.reduce(1, *) } }

  /// Splits a flat list into the parameters.
  func split(_ numbers: [Double]) -> [[Double]] {
    var rest = numbers[...]
    return shapes.map { shape in
      let count = shape.reduce(1, *)
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
  }

  /// Checks values against a definition, gradients against differences, Float against Double.
  ///
  /// The differences are central differences in Double.
  ///
  /// - Parameters:
  ///   - hasGradient: false for a formula without gradients: then every gradient must be 0.
  ///   - naive: the definition, on the parameters in declared order.
  func check(
    _ name: String, seed: UInt64 = 1, hasGradient: Bool = true, naive: ([[Double]]) -> [Double]
  ) {
    let numbers = drawn(seed: seed)
    let run = Run<Double>(self, numbers)
    // Sums of up to 200 terms of magnitude 1 and elementary functions to 4 ulp: 200 · 2.2e-16 <
    // 1e-13.
    let expected = naive(split(numbers))
    let value = firstDifference(run.values, expected, absolute: 1e-13, relative: 1e-13)
    #expect(value == nil, "\(name) \(shapes): value \(value ?? "")")
    checkGradients(name, run, numbers, hasGradient: hasGradient)
    checkFloat(name, numbers)
  }

  private func checkGradients(
    _ name: String, _ run: Run<Double>, _ numbers: [Double], hasGradient: Bool
  ) {
    let gradients = run.gradients
    guard hasGradient else {
      #expect(gradients.allSatisfy { $0 == 0 }, "\(name) \(shapes) passes a gradient")
      return
    }
    // A central difference with step h is off by h²/6 · f''' (truncation) and about 2.2e-16 · |f| /
    // h (rounding). With h = 1e-5 both are near 2e-11 for |f|, |f'''| near 1. A bound of 1e-8
    // leaves room for hundreds of them and still detects any wrong factor.
    let step = 1e-5
    let differences = gradients.indices.map { index in
      (run.loss(moving: index, by: step) - run.loss(moving: index, by: -step)) / (2 * step)
    }
    let difference = firstDifference(gradients, differences, absolute: 1e-8, relative: 1e-8)
    #expect(difference == nil, "\(name) \(shapes): gradient \(difference ?? "")")
  }

  /// Checks that Float's results are near Double's.
  private func checkFloat(_ name: String, _ numbers: [Double]) {
    // Rounded first, to give both the same parameters. Sums of up to 200 terms of magnitude 1 at
    // 6e-8 each, and their gradients, then stay within 2e-5.
    let rounded = numbers.map { Double(Float($0)) }
    let narrow = Run<Float>(self, rounded)
    let wide = Run<Double>(self, rounded)
    let value = firstDifference(narrow.values, wide.values, absolute: 2e-5, relative: 2e-5)
    #expect(value == nil, "\(name) \(shapes) in Float: value \(value ?? "")")
    let gradient = firstDifference(
      narrow.gradients, wide.gradients, absolute: 2e-5, relative: 2e-5)
    #expect(gradient == nil, "\(name) \(shapes) in Float: gradient \(gradient ?? "")")
  }
}

/// Odd shapes: a scalar, part of a vector, slightly more than a vector, several axes.
let oddShapes: [[Int]] = [[], [1], [3], [7, 5], [2, 3, 4], [67]]
