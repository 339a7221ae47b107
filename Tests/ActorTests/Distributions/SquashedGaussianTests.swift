import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests of squashed normal distributions against their density written out.
struct SquashedGaussianTests {
  private static let bounds: [ActionRange] = [
    ActionRange(count: 1), ActionRange(low: [-2, -1], high: [2, 3]),
    ActionRange(low: [0, -5, 2], high: [0.5, 5, 2.25]),
  ]

  /// Returns log π of numbers x in (−1, 1), from μ, log σ and the half width of each element.
  private func density(
    _ x: [Double], _ scores: [Double], _ range: ActionRange
  ) -> Double {
    x.indices.reduce(0) { sum, element in
      let deviation = exp(scores[range.count + element])
      let z = (atanh(x[element]) - scores[element]) / deviation
      let normal = exp(-z * z / 2) / (deviation * (2 * Double.pi).squareRoot())
      let slope = (1 - x[element] * x[element]) * (range.high[element] - range.low[element]) / 2
      return sum + log(normal / slope)
    }
  }

  @Test(arguments: bounds)
  func `drawn actions and their log-density are those of the formula, with their gradients`(
    range: ActionRange
  ) {
    let (rows, count) = (6, range.count)
    let distribution = SquashedGaussian(range)
    #expect(distribution.scoreCount == 2 * count && distribution.logitCount == 2 * count + 1)
    // The logits and normal numbers; below, 0.8 of the latter are numbers of half ranges.
    let shapes = [[2, 3, 2 * count + 1], [2, 3, count]]
    func logits(_ x: [[Double]], _ row: Int) -> [Double] {
      Array(x[0][(2 * count + 1) * row..<(2 * count + 1) * (row + 1)])
    }
    /// Returns the numbers from −1 to 1 of a row's drawn actions.
    func drawn(_ x: [[Double]], _ row: Int) -> [Double] {
      (0..<count).map { element in
        let scores = logits(x, row)
        return tanh(scores[element] + exp(scores[count + element]) * x[1][count * row + element])
      }
    }
    Formula(shapes) { _, x in distribution.draw(from: x[0], noise: x[1]).action }
      .check("action") { x in
        (0..<rows).flatMap { row in
          drawn(x, row).enumerated().map { element, unit in
            let (low, high) = (range.low[element], range.high[element])
            return low + (unit + 1) / 2 * (high - low)
          }
        }
      }
    Formula(shapes) { _, x in distribution.draw(from: x[0], noise: x[1]).logProbability }
      .check("log-density of a draw") { x in
        (0..<rows).map { density(drawn(x, $0), logits(x, $0), range) }
      }
    Formula(shapes) { _, x in
      distribution.logProbability(of: .leaf(range.scaled(0.8 * x[1])), under: x[0])
    }.check("log-density") { x in
      (0..<rows).map { row in
        density(
          x[1][count * row..<count * (row + 1)].map { 0.8 * $0 }, logits(x, row), range)
      }
    }
  }

  @Test func `log σ is clamped to −20 and 2, where it gets no gradient`() {
    let distribution = SquashedGaussian(ActionRange(count: 3))
    let formula = Formula([[1, 1, 6]]) { _, x in distribution.logits(from: x[0]) }
    // The last number is the buffer of the warm-up.
    let run = Formula.Run<Double>(formula, [1, 2, 3, -21, 0.5, 2.5, 0.25])
    #expect(run.values == [1, 2, 3, -20, 0.5, 2, 0.25])
    let gradients = run.gradients
    #expect(gradients[3] == 0 && gradients[4] != 0 && gradients[5] == 0)
  }

  @Test(arguments: [-60.0, -9, 9, 60, 3000])
  func `the log-density stays exact where tanh is ±1 in Float`(mean: Double) {
    let distribution = SquashedGaussian(ActionRange(count: 1))
    let formula = Formula([[1, 1, 3], [1, 1, 1]]) { _, x in
      distribution.draw(from: x[0], noise: x[1]).logProbability
    }
    let numbers = [mean, -0.5, 0, 0.25]
    let u = abs(mean + exp(-0.5) * 0.25)
    // log(1 − tanh² u) = log(4 / (eᵘ + e⁻ᵘ)²), which log1p keeps exact.
    let slope = log(4) - 2 * u - 2 * log1p(exp(-2 * u))
    let expected = -0.25 * 0.25 / 2 + 0.5 - log(2 * Double.pi) / 2 - slope
    let wide = Formula.Run<Double>(formula, numbers)
    #expect(isClose(wide.values[0], expected, relative: 1e-13))
    let narrow = Formula.Run<Float>(formula, numbers)
    #expect(isClose(narrow.values[0], expected, relative: 1e-5))
    #expect(narrow.gradients.allSatisfy { $0.isFinite })
  }

  @Test(arguments: [(-2.0, 1e-7), (-0.5, 1e-7), (0, 1e-7), (1, 2e-3), (2, 4e-2)])
  func `the entropy is the mean of minus the log-density`(logDeviation: Double, bound: Double) {
    let range = ActionRange(low: [-2, -1], high: [2, 3])
    let distribution = SquashedGaussian(range)
    let formula = Formula([[1, 1, 5]]) { _, x in distribution.entropy(of: x[0]) }
    let scores = [0.3, -1.2, logDeviation, logDeviation, 0]
    // −Σ p log p of the normal numbers, in which the density of the actions is written out.
    let step = 1e-3
    var expected = 0.0
    for element in 0..<2 {
      for place in -12_000...12_000 {
        let z = Double(place) * step
        let u = scores[element] + exp(logDeviation) * z
        let normal = exp(-z * z / 2) / (2 * Double.pi).squareRoot()
        let slope = log(4) - 2 * abs(u) - 2 * log1p(exp(-2 * abs(u)))
        expected += step * normal * (-log(normal) + logDeviation + slope + log(2))
      }
    }
    let entropy = Formula.Run<Double>(formula, scores).values[0]
    #expect(isClose(entropy, expected, absolute: bound), "\(entropy), not \(expected)")
  }

  private static let policy = EchoPolicy(bounded: .stochastic)

  @Test(arguments: [ElementType.float32, .float64])
  func `draws have the moments of their distribution, and the learner finds their density`(
    _ type: ElementType
  ) throws {
    let means = [0.5, -1.0]
    let deviations = [0.25, 0.6]
    let space: Space = .box(shape: [2], low: -3, high: 3, elementType: type)
    let scores = (means + deviations.map { log($0) }).map { Float($0) }
    let drawn = try DrawnActions(space, scores: scores, seed: 3000, policy: Self.policy)
    let actions =
      type == .float32
      ? drawn.actions(as: Float.self).map { $0.map { Double($0) } }
      : drawn.actions(as: Double.self)
    let count = Double(actions.count)
    for index in 0..<2 {
      #expect(actions.allSatisfy { abs($0[index]) < 1 })
      let z = actions.map { (atanh($0[index]) - means[index]) / deviations[index] }
      func moment(_ power: Double) -> Double { z.reduce(0) { $0 + pow($1, power) } / count }
      // Standard errors of the first four moments: √1, √2, √15 and √96 over √n; four of each.
      #expect(abs(moment(1)) < 4 * (1 / count).squareRoot())
      #expect(abs(moment(2) - 1) < 4 * (2 / count).squareRoot())
      #expect(abs(moment(3)) < 4 * (15 / count).squareRoot())
      #expect(abs(moment(4) - 3) < 4 * (96 / count).squareRoot())
    }
    let ratios = try drawn.ratios()
    #expect(ratios.allSatisfy { abs($0 - 1) < 1e-5 } && ratios.count == 20_000)
  }

  @Test func `the most likely action is tanh of the mean`() throws {
    let drawn = try DrawnActions(
      .box(shape: [2], low: -3, high: 3), scores: [0.5, 20, 0, 0], choice: .greedy,
      weights: [1], policy: Self.policy)
    // Even while the warm-up is above 0.
    #expect(drawn.actions(as: Float.self).allSatisfy { $0 == [Float(tanh(0.5)), 1] })
  }

  @Test(arguments: TwinCriticPolicy.ActorKind.allCases)
  func `actions are uniform while the warm-up is above 0`(
    actor: TwinCriticPolicy.ActorKind
  ) throws {
    let scores: [Float] = actor == .stochastic ? [2, 0] : [2]
    let drawn = try DrawnActions(
      .box(shape: [1], low: -3, high: 3), scores: scores,
      weights: actor == .stochastic ? [0.001] : [0.1, 0.001],
      policy: EchoPolicy(bounded: actor))
    var counts = Array(repeating: 0, count: 20)
    for action in drawn.actions(as: Float.self) { counts[Int((action[0] + 1) * 10)] += 1 }
    let outcomes = counts.enumerated().flatMap { Array(repeating: $0, count: $1) }
    // χ² of 19 degrees of freedom is above 50 with a chance of 1e-4.
    #expect(chiSquare(outcomes, Array(repeating: 0.05, count: 20)) < 50)
  }
}
