import Actor
import Rollout
import TestSupport
import Testing

@testable import Learner

/// Properties common to all optimizers: groups, states, any number of weights.
struct OptimizerStateTests {
  static let kinds: [String] = [
    "descent", "momentum", "Nesterov", "Adam", "AdamW", "RMSProp", "RMSProp with momentum",
  ]

  private func make(
    _ kind: String, count: Int, groups: [ParameterGroup]? = nil
  ) -> any Optimizer<Float> {
    let rate: Float = 0.03
    return switch kind {
    case "descent": SGD<Float>(count: count, learningRate: rate, groups: groups)
    case "momentum": SGD<Float>(count: count, learningRate: rate, momentum: 0.75, groups: groups)
    case "Nesterov":
      SGD<Float>(count: count, learningRate: rate, momentum: 0.75, isNesterov: true, groups: groups)
    case "Adam": Adam<Float>(count: count, learningRate: rate, groups: groups)
    case "AdamW": Adam<Float>(count: count, learningRate: rate, weightDecay: 0.25, groups: groups)
    case "RMSProp": RMSProp<Float>(count: count, learningRate: rate, groups: groups)
    default: RMSProp<Float>(count: count, learningRate: rate, momentum: 0.75, groups: groups)
    }
  }

  /// Returns one weight after a sequence of gradients, by the definitions, in Double.
  private func naive(_ kind: String, _ start: Double, _ gradients: [Double], rate: Double) -> Double
  {
    var (theta, b, m, v) = (start, 0.0, 0.0, 0.0)
    for (index, g) in gradients.enumerated() {
      let t = Double(index + 1)
      switch kind {
      case "descent": theta -= rate * g
      case "momentum", "Nesterov":
        b = 0.75 * b + g
        theta -= rate * (kind == "Nesterov" ? g + 0.75 * b : b)
      case "Adam", "AdamW":
        if kind == "AdamW" { theta -= rate * 0.25 * theta }
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        let (mean, square) = (m / (1 - power(0.9, t)), v / (1 - power(0.999, t)))
        theta -= rate * mean / (square.squareRoot() + 1e-8)
      default:
        v = 0.99 * v + 0.01 * g * g
        b = (kind == "RMSProp" ? 0 : 0.75 * b) + g / (v.squareRoot() + 1e-8)
        theta -= rate * b
      }
    }
    return theta
  }

  private func power(_ base: Double, _ exponent: Double) -> Double {
    (0..<Int(exponent)).reduce(1) { product, _ in product * base }
  }

  private func numbers(_ count: Int, _ random: inout PCG64) -> [Float] {
    (0..<count).map { _ in Float(random.standardNormal()) }
  }

  @Test(arguments: kinds)
  func `any number of weights goes the way of the definition`(kind: String) {
    // Counts beyond two vectors of 16, and beyond four of them in one loop.
    for count in Array(0...36) + [63, 64, 65, 131] {
      var random = PCG64(seed: UInt64(count))
      let weights = FlatVector<Float>(repeating: 0, count: count)
      let start = numbers(count, &random)
      weights.assign(start)
      let gradients = (0..<5).map { _ in numbers(count, &random) }
      let optimizer = make(kind, count: count)
      let vector = FlatVector<Float>(repeating: 0, count: count)
      for gradient in gradients {
        vector.assign(gradient)
        optimizer.step(weights, vector)
      }
      let expected = (0..<count).map { index in
        naive(kind, Double(start[index]), gradients.map { Double($0[index]) }, rate: 0.03)
      }
      // Five steps of up to 0.5 (RMSProp's first ones are 0.3) with ten roundings of 6e-8 each.
      let difference = firstDifference(
        weights.elements.map { Double($0) }, expected, absolute: 2e-6, relative: 2e-6)
      #expect(difference == nil, "\(count) weights: \(difference ?? "")")
    }
  }

  @Test(arguments: kinds)
  func `a group has its own rate, and what is in none stays bit for bit`(kind: String) {
    let count = 53
    var random = PCG64(seed: 9)
    let start = numbers(count, &random)
    let gradient = numbers(count, &random)
    let groups = [ParameterGroup(1..<20), ParameterGroup(30..<53, rateFactor: 0.5)]
    let weights = FlatVector<Float>(repeating: 0, count: count)
    weights.assign(start)
    let vector = FlatVector<Float>(repeating: 0, count: count)
    vector.assign(gradient)
    let optimizer = make(kind, count: count, groups: groups)
    for _ in 0..<3 { optimizer.step(weights, vector) }
    func naives(_ range: Range<Int>, _ rate: Double) -> [Double] {
      range.map {
        naive(
          kind, Double(start[$0]), Array(repeating: Double(gradient[$0]), count: 3), rate: rate)
      }
    }
    let result = weights.elements
    for place in [0] + Array(20..<30) {
      #expect(result[place].bitPattern == start[place].bitPattern)
    }
    for (range, rate) in [(1..<20, 0.03), (30..<53, 0.015)] {
      // The same bound as above.
      let difference = firstDifference(
        result[range].map { Double($0) }, naives(range, rate), absolute: 2e-6, relative: 2e-6)
      #expect(difference == nil, "\(range): \(difference ?? "")")
    }
  }

  @Test(arguments: kinds)
  func `a copy that is given the state goes on to the same bits`(kind: String) {
    let count = 37
    var random = PCG64(seed: 4)
    let weights = FlatVector<Float>(repeating: 0, count: count)
    weights.assign(numbers(count, &random))
    let gradients = FlatVector<Float>(repeating: 0, count: count)
    let first = make(kind, count: count)
    for _ in 0..<7 {
      gradients.assign(numbers(count, &random))
      first.step(weights, gradients)
    }
    let copy = make(kind, count: count)
    copy.stepCount = first.stepCount
    #expect(copy.state.map(\.name) == first.state.map(\.name))
    for (name, values) in first.state {
      copy.state.first { $0.name == name }?.values.assign(values.elements)
    }
    let others = FlatVector<Float>(repeating: 0, count: count)
    others.assign(weights.elements)
    for _ in 0..<3 {
      gradients.assign(numbers(count, &random))
      first.step(weights, gradients)
      copy.step(others, gradients)
    }
    #expect(weights.elements.map(\.bitPattern) == others.elements.map(\.bitPattern))
    #expect(copy.stepCount == 10)
  }

  @Test func `buffers are in no group, and neighbors of one rate are one`() {
    let graph = Graph()
    _ = graph.parameter("a", [3], .constant(0))
    _ = graph.parameter("b", [2], .constant(0))
    _ = graph.buffer("mean", [4])
    _ = graph.parameter("c", [1], .constant(0))
    _ = graph.parameter("d", [2], .constant(0))
    #expect(graph.parameters.groups() == [ParameterGroup(0..<5), ParameterGroup(9..<12)])
    #expect(
      graph.parameters.groups { $0.name == "c" ? 0.5 : 1 } == [
        ParameterGroup(0..<5), ParameterGroup(9..<10, rateFactor: 0.5), ParameterGroup(10..<12),
      ])
  }

  @Test func `the largest magnitude knows infinities and what is no number`() {
    let vector = FlatVector<Float>(repeating: 0, count: 40)
    #expect(vector.largestMagnitude(in: 0..<0) == 0)
    vector[3] = 2
    vector[17] = -5
    #expect(vector.largestMagnitude(in: 0..<40) == 5)
    #expect(vector.largestMagnitude(in: 0..<17) == 2)
    vector[39] = -.infinity
    #expect(vector.largestMagnitude(in: 0..<40) == .infinity)
    vector[0] = -.nan
    #expect(vector.largestMagnitude(in: 0..<40).isNaN)
  }
}
