import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests of a Box's normal distribution against its density written out.
struct DiagonalGaussianTests {
  @Test(arguments: [1, 2, 5, 17])
  func `log-density and entropy are those of independent normal numbers`(count: Int) {
    let (rows, environments) = (2, 3)
    let shape = [rows, environments, count]
    let distribution = DiagonalGaussian(count: count)
    #expect(distribution.scoreCount == count && distribution.logitCount == 2 * count)
    // Parameters: the means, log σ, the actions.
    let names = ["mean", "logits.log_std", "action"]
    Formula([shape, [count], shape], names: names) { _, x in
      distribution.logProbability(of: .leaf(x[2]), under: distribution.logits(from: x[0]))
    }.check("log-density") { x in
      (0..<rows * environments).map { (row: Int) -> Double in
        var sum = 0.0
        for element in 0..<count {
          let deviation = Foundation.exp(x[1][element])
          let z = (x[2][row * count + element] - x[0][row * count + element]) / deviation
          let density = Foundation.exp(-z * z / 2) / (deviation * (2 * Double.pi).squareRoot())
          sum += Foundation.log(density)
        }
        return sum
      }
    }
    Formula([shape, [count]], names: names) { _, x in
      distribution.entropy(of: distribution.logits(from: x[0]))
    }.check("entropy") { x in
      var entropy = 0.0
      for logDeviation in x[1] {
        let variance = Foundation.exp(2 * logDeviation)
        entropy += Foundation.log(2 * Double.pi * M_E * variance) / 2
      }
      return (0..<rows * environments).map { _ in entropy }
    }
  }

  @Test func `the entropy is the mean of minus the log-density, by quadrature`() {
    let deviation = 0.7
    var total = 0.0
    // The density is below 1e-40 beyond 14 deviations, and the trapezoidal rule is exact to
    // rounding.
    for step in -10_000...10_000 {
      let z = Double(step) * 1.4e-3
      let density = Foundation.exp(-z * z / 2) / (deviation * (2 * Double.pi).squareRoot())
      if density > 0 { total -= density * Foundation.log(density) * 1.4e-3 * deviation }
    }
    let formula = Formula([[1, 1, 1], [1]], names: ["mean", "logits.log_std"]) { _, x in
      let distribution = DiagonalGaussian(count: 1)
      return distribution.entropy(of: distribution.logits(from: x[0]))
    }
    let run = Formula.Run<Double>(formula, [0.3, Foundation.log(deviation)])
    #expect(isClose(run.values[0], total, absolute: 1e-12))
  }

  @Test(arguments: [ElementType.float32, .float64])
  func `draws have the moments of their distribution`(_ type: ElementType) throws {
    let means = [0.5, -20.0]
    let deviations = [0.25, 3.0]
    let space: Space = .box(shape: [2], low: -1, high: 1, elementType: type)
    for seed: UInt64 in [3000, 4000, 5000] {
      let drawn = try DrawnActions(
        space, scores: means.map { Float($0) }, seed: seed,
        weights: deviations.map { Float(log($0)) })
      let actions =
        type == .float32
        ? drawn.actions(as: Float.self).map { $0.map { Double($0) } }
        : drawn.actions(as: Double.self)
      let count = Double(actions.count)
      let z = (0..<2).map { index in
        actions.map { ($0[index] - means[index]) / deviations[index] }
      }
      for values in z {
        func moment(_ power: Double) -> Double { values.reduce(0) { $0 + pow($1, power) } / count }
        // Standard errors of the first four moments: √1, √2, √15 and √96 over √n; four of each.
        #expect(abs(moment(1)) < 4 * (1 / count).squareRoot())
        #expect(abs(moment(2) - 1) < 4 * (2 / count).squareRoot())
        #expect(abs(moment(3)) < 4 * (15 / count).squareRoot())
        #expect(abs(moment(4) - 3) < 4 * (96 / count).squareRoot())
      }
      let correlation = zip(z[0], z[1]).reduce(0) { $0 + $1.0 * $1.1 } / count
      #expect(abs(correlation) < 4 / count.squareRoot())
    }
  }

  @Test func `the mode is the mean, even beyond the space's bounds`() throws {
    let drawn = try DrawnActions(
      .box(shape: [2, 1], low: -1, high: 1), scores: [0.5, 7], choice: .greedy)
    #expect(drawn.actions(as: Float.self).allSatisfy { $0 == [0.5, 7] })
  }

  @Test func `what is recorded are the means and log σ behind them`() throws {
    let drawn = try DrawnActions(
      .box(shape: [2], low: -1, high: 1), scores: [0.5, 7], weights: [-1, 0.25])
    let logits = try #require(drawn.fragment.actor("logits"))
    #expect((0..<4).map { logits[40, 499, $0] } == [0.5, 7, -1, 0.25])
  }

  @Test(arguments: [ElementType.float32, .float64])
  func `the learner finds what the worker said`(_ type: ElementType) throws {
    let weights: [Float] = [-1, 0.25]
    let drawn = try DrawnActions(
      .box(shape: [2], low: -1, high: 1, elementType: type), scores: [0.5, 7], weights: weights)
    let ratios = try drawn.ratios(weights: weights)
    #expect(ratios.allSatisfy { abs($0 - 1) < 1e-5 } && ratios.count == 20_000)
  }

  @Test func `whole numbers have no normal distribution`() {
    let space: Space = .box(shape: [2], low: 0, high: 255, elementType: .uint8)
    let error = #expect(throws: PolicyError.self) { try ActionDistributions.fitting(space) }
    #expect(error?.description.contains("\(space)") == true)
  }
}
