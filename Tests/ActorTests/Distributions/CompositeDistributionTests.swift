import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests of composite distributions against their parts.
struct CompositeDistributionTests {
  static let space: Space = .dict([
    SpaceField("gear", .discrete(3)),
    SpaceField(
      "hands",
      .tuple([.multiBinary(2), .box(shape: [2], low: -1, high: 1), .multiDiscrete([2, 2])])),
  ])
  private static let scores: [Float] = [0.2, -1, 0.5, 1.5, -0.5, 3, -3, 0, 1, 2, -2]
  private static let weights: [Float] = [-1, 0.5]

  @Test func `parts stand in declared order`() throws {
    let distribution = try #require(
      try ActionDistributions.fitting(Self.space) as? CompositeDistribution)
    #expect(distribution.parts.map(\.scoreCount) == [3, 2, 2, 4])
    #expect(distribution.parts.map(\.logitCount) == [3, 4, 4, 4])
    #expect(distribution.scoreCount == 11 && distribution.logitCount == 15)
    let gaussian = distribution.parts[2] as? DiagonalGaussian
    #expect(gaussian?.parameterName == "logits.hands.1.log_std")
  }

  @Test func `log-probability and entropy are the sums of the parts'`() {
    let parts: [any ActionDistribution] = [
      Categorical(count: 3), DiagonalGaussian(count: 2), Bernoulli(count: 2),
    ]
    let whole = CompositeDistribution(parts)
    let indices: [Int32] = [0, 2, 1, 2, 0, 1]
    let shapes = [[2, 3, 7], [2], [2, 3, 2]]
    let names = ["scores", "logits.log_std", "action"]
    func terms(_ x: [Tensor], _ term: (any ActionDistribution, Tensor, Tensor) -> Tensor) -> Tensor
    {
      let actions = [x[3], x[2], x[2].atLeast(0)]
      let ranges = [0..<3, 3..<5, 5..<7]
      return (1..<3).reduce(term(parts[0], x[0].columns(ranges[0]), actions[0])) {
        $0 + term(parts[$1], x[0].columns(ranges[$1]), actions[$1])
      }
    }
    let formula = { (build: @escaping (Graph, [Tensor]) -> Tensor) in
      Formula(shapes, names: names, indices: (indices, [2, 3]), build: build)
    }
    let numbers = formula { $1[0] }.drawn(seed: 9)
    func compare(_ one: Formula, _ two: Formula) {
      let (left, right) = (Formula.Run<Double>(one, numbers), Formula.Run<Double>(two, numbers))
      let value = firstDifference(left.values, right.values, absolute: 1e-13)
      #expect(value == nil, "\(value ?? "")")
      let gradient = firstDifference(left.gradients, right.gradients, absolute: 1e-13)
      #expect(gradient == nil, "\(gradient ?? "")")
      #expect(left.gradients.contains { $0 != 0 })
    }
    compare(
      formula { _, x in
        whole.logProbability(
          of: .list([.leaf(x[3]), .list([.leaf(x[2]), .leaf(x[2].atLeast(0))])]),
          under: whole.logits(from: x[0]))
      },
      formula { _, x in
        terms(x) { $0.logProbability(of: .leaf($2), under: $0.logits(from: $1)) }
      })
    compare(
      formula { _, x in whole.entropy(of: whole.logits(from: x[0])) },
      formula { _, x in terms(x) { part, scores, _ in part.entropy(of: part.logits(from: scores)) }
      })
  }

  @Test func `each part is drawn as if it were alone`() throws {
    let drawn = try DrawnActions(Self.space, scores: Self.scores, weights: Self.weights)
    func probabilities(_ range: Range<Int>) -> [Double] {
      let weights = Self.scores[range].map { Foundation.exp(Double($0)) }
      return weights.map { $0 / weights.reduce(0, +) }
    }
    // χ² with at most 2 degrees of freedom exceeds 18.4 once in 10⁴.
    let gears = drawn.actions(leaf: 0, as: Int32.self).map { Int($0[0]) }
    #expect(chiSquare(gears, probabilities(0..<3)) < 18.4)
    let switches = drawn.actions(leaf: 1, as: UInt8.self)
    for (index, score) in Self.scores[3..<5].enumerated() {
      let p = 1 / (1 + Foundation.exp(-Double(score)))
      #expect(chiSquare(switches.map { Int($0[index]) }, [1 - p, p]) < 18.4)
    }
    let angles = drawn.actions(leaf: 2, as: Float.self)
    for index in 0..<2 {
      let mean = angles.reduce(0) { $0 + Double($1[index]) } / Double(angles.count)
      let deviation = Foundation.exp(Double(Self.weights[index]))
      #expect(
        abs(mean - Double(Self.scores[5 + index]))
          < 4 * deviation / Double(angles.count).squareRoot())
    }
    let choices = drawn.actions(leaf: 3, as: Int32.self)
    for index in 0..<2 {
      let start = 7 + 2 * index
      #expect(chiSquare(choices.map { Int($0[index]) }, probabilities(start..<start + 2)) < 18.4)
    }
  }

  @Test func `the mode is every part's, the learner finds what the worker said`() throws {
    let greedy = try DrawnActions(
      Self.space, scores: Self.scores, choice: .greedy, weights: Self.weights)
    #expect(greedy.actions(leaf: 0, as: Int32.self).allSatisfy { $0 == [2] })
    #expect(greedy.actions(leaf: 1, as: UInt8.self).allSatisfy { $0 == [1, 0] })
    #expect(greedy.actions(leaf: 2, as: Float.self).allSatisfy { $0 == [3, -3] })
    #expect(greedy.actions(leaf: 3, as: Int32.self).allSatisfy { $0 == [1, 0] })
    let drawn = try DrawnActions(Self.space, scores: Self.scores, weights: Self.weights)
    let ratios = try drawn.ratios(weights: Self.weights)
    #expect(ratios.allSatisfy { abs($0 - 1) < 1e-5 } && ratios.count == 20_000)
  }

  @Test func `a space without actions, or with a part that has no distribution, is named`() {
    for space: Space in [
      .tuple([]), .dict([SpaceField("a", .box(shape: [1], low: 0, high: 1, elementType: .int64))]),
    ] {
      let error = #expect(throws: PolicyError.self) { try ActionDistributions.fitting(space) }
      #expect(error?.description.contains("there is no action distribution for") == true)
    }
  }
}
