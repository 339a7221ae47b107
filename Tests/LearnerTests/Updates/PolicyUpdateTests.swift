import Actor
import Glibc
import Learner
import Rollout
import TestSupport
import Testing

/// Tests of single updates of the weights from a batch in memory.
struct PolicyUpdateTests {
  static func weights(_ figures: ReinforceFigures) throws -> FlatVector<Float> {
    let parameters = try PolicySignature(
      ReinforceFigures.policy, for: ReinforceFigures.spaces
    ).parameters
    let weights = FlatVector<Float>(repeating: 0, count: parameters.elementCount)
    weights.assign(figures.flat(figures.reference["parameters"], parameters).map { Float($0) })
    return weights
  }

  @Test(arguments: ReinforceTests.names)
  func `ten updates from a fragment end where the twin in Double does`(name: String) throws {
    let figures = try ReinforceFigures(name)
    let storage = try figures.storage()
    let weights = try Self.weights(figures)
    let update = try PolicyUpdate(
      ReinforceFigures.policy, figures.objective, layout: storage.layout, weights: weights,
      optimizer: Adam<Float>(count: weights.count, learningRate: 0.01))
    let twin = try TracedFigures<Double>(figures)
    let adam = Adam<Double>(count: weights.count, learningRate: 0.01)
    for (step, expected) in figures.reference["trace"].elements.enumerated() {
      update.learn(from: storage.view)
      twin.run()
      adam.step(twin.executor.weights, twin.executor.gradients)
      let metrics = Dictionary(
        uniqueKeysWithValues: update.takeMetrics().map { ($0.name, $0.value) })
      // 200 terms near 10, rounded at 6e-8 each, and observations rounded to Float.
      for key in ["loss", "grad_norm"] {
        let difference = firstDifference(
          [metrics[key] ?? .nan], [expected[key].number], relative: 1e-4)
        #expect(difference == nil, "step \(step), \(key): \(difference ?? "")")
      }
      let difference = firstDifference(
        weights.elements.map { Double($0) }, twin.executor.weights.elements, absolute: 1e-4)
      #expect(difference == nil, "step \(step): \(difference ?? "")")
    }
    #expect(update.updateCount == 10)
  }

  @Test func `a gradient's norm is reported as it was and limits the step`() throws {
    let figures = try ReinforceFigures("reinforce_1")
    let storage = try figures.storage()
    let weights = try Self.weights(figures)
    let before = weights.elements
    let update = try PolicyUpdate(
      ReinforceFigures.policy, figures.objective, layout: storage.layout, weights: weights,
      optimizer: SGD<Float>(count: weights.count, learningRate: 1), maximumGradientNorm: 0.125)
    update.learn(from: storage.view)
    let moved = zip(before, weights.elements).map { Double($0 - $1) }
    let length = moved.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(isClose(length, 0.125, relative: 1e-4))
    let norm = update.takeMetrics().last
    #expect(norm?.name == "grad_norm")
    #expect(isClose(norm?.value ?? 0, 1.0338108858932833, relative: 1e-4))
  }

  @Test func `several updates are reported by their mean or their largest, once`() throws {
    let figures = try ReinforceFigures("reinforce_1")
    let storage = try figures.storage()
    func make() throws -> PolicyUpdate {
      let weights = try Self.weights(figures)
      return try PolicyUpdate(
        ReinforceFigures.policy, figures.objective, layout: storage.layout, weights: weights,
        optimizer: Adam<Float>(count: weights.count, learningRate: 0.05))
    }
    let (together, apart) = (try make(), try make())
    #expect(together.takeMetrics().isEmpty)
    var single: [[Double]] = []
    for _ in 0..<4 {
      together.learn(from: storage.view)
      apart.learn(from: storage.view)
      single.append(apart.takeMetrics().map(\.value))
    }
    let metrics = together.takeMetrics()
    #expect(
      metrics.map(\.name) == [
        "loss", "policy_score", "entropy", "rho_mean", "rho_max", "rho_clipped", "grad_norm",
      ])
    for (index, metric) in metrics.enumerated() {
      let values = single.map { $0[index] }
      let expected =
        metric.name == "rho_max" ? values.max() ?? .nan : values.reduce(0, +) / 4
      #expect(isClose(metric.value, expected, relative: 1e-15), "\(metric.name)")
    }
    #expect(together.takeMetrics().isEmpty)
  }

  @Test(.enabled(if: Exhaustion.isPossible, "\(Exhaustion.absence)"))
  func `an update needs no memory`() async {
    await #expect(processExitsWith: .success) {
      let figures = try ReinforceFigures("reinforce_inf")
      let storage = try figures.storage()
      let weights = FlatVector<Float>(repeating: 0.1, count: 362)
      let update = try PolicyUpdate(
        ReinforceFigures.policy, figures.objective, layout: storage.layout, weights: weights,
        optimizer: Adam<Float>(count: weights.count, learningRate: 0.01))
      let view = storage.view
      update.learn(from: view)
      Exhaustion.exhaustMemory()
      for _ in 0..<1000 { update.learn(from: view) }
      _exit(0)
    }
  }
}
