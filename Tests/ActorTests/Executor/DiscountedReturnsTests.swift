import Actor
import Rollout
import TestSupport
import Testing

/// Tests of discounted returns in a graph against their definition as a sum.
struct DiscountedReturnsTests {
  /// Returns the returns computed by the executor and by the definition.
  private func both<S: KernelScalar>(
    _: S.Type, steps: Int, environments: Int, discount: Double, hasBootstrap: Bool, seed: UInt64
  ) -> (observed: [Double], expected: [Double], rewards: [Double]) {
    var generator = SmallGenerator(seed: seed)
    let count = steps * environments
    let rewards = (0..<count).map { _ in Double(Float(generator.uniform(-1, 1))) }
    let ends = (0..<count).map { _ in generator.uniform(0, 1) < 0.2 }
    let bootstrap = (0..<environments).map { _ in Double(Float(generator.uniform(-5, 5))) }
    let graph = Graph()
    let inputs = (
      graph.input([steps, environments]), graph.input([steps, environments]),
      graph.input([environments])
    )
    let output = Tensor.discountedReturns(
      rewards: inputs.0, ends: inputs.1, discount: discount,
      bootstrap: hasBootstrap ? inputs.2 : nil)
    let executor = Executor<S>(graph, outputs: [output])
    executor.set(inputs.0, to: rewards.map { S($0) })
    executor.set(inputs.1, to: ends.map { $0 ? 1 : 0 })
    executor.set(inputs.2, to: bootstrap.map { S($0) })
    executor.forward()
    let expected = NaiveEstimators.returns(
      rewards: rewards, ends: ends, environments: environments, discount: discount,
      bootstrap: hasBootstrap ? bootstrap : nil)
    return (executor.values(of: output).map { Double($0) }, expected, rewards)
  }

  @Test(arguments: [1, 2, 5, 25, 67], [0, 0.5, 0.99, 1])
  func `agree with the definition`(steps: Int, discount: Double) {
    for environments in [1, 3, 8, 17] {
      for hasBootstrap in [false, true] {
        let wide = both(
          Double.self, steps: steps, environments: environments, discount: discount,
          hasBootstrap: hasBootstrap, seed: UInt64(steps * 100 + environments))
        // Up to 67 roundings of sums of at most 72.
        let difference = firstDifference(wide.observed, wide.expected, absolute: 1e-12)
        #expect(difference == nil, "B \(environments): \(difference ?? "")")
        let narrow = both(
          Float.self, steps: steps, environments: environments, discount: discount,
          hasBootstrap: hasBootstrap, seed: UInt64(steps * 100 + environments))
        // The same 67 roundings at 6e-8.
        let narrowDifference = firstDifference(
          narrow.observed, narrow.expected, absolute: 3e-4, relative: 1e-5)
        #expect(narrowDifference == nil, "Float, B \(environments): \(narrowDifference ?? "")")
      }
    }
  }

  @Test func `without a discount they are the rewards`() {
    let returns = both(
      Double.self, steps: 9, environments: 4, discount: 0, hasBootstrap: true, seed: 9)
    // r + 0 · G is exactly r.
    #expect(returns.observed == returns.rewards && returns.expected == returns.rewards)
  }

  @Test func `pass no gradient`() {
    Formula([[4, 2], [2]]) { graph, x in
      Tensor.discountedReturns(
        rewards: x[0], ends: 0 * x[0], discount: 0.9, bootstrap: x[1])
    }.check("returns", hasGradient: false) { x in
      NaiveEstimators.returns(
        rewards: x[0], ends: Array(repeating: false, count: 8), environments: 2, discount: 0.9,
        bootstrap: x[1])
    }
  }
}
