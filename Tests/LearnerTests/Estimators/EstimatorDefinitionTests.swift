import Actor
import Learner
import Rollout
import TestSupport
import Testing

/// Estimators of random steps with every kind of ending, compared with sums and with each other.
struct EstimatorDefinitionTests {
  private static let sizes = [(1, 1), (1, 5), (2, 3), (7, 1), (7, 4), (25, 17)]

  /// Compares an estimator in both precisions with its definition.
  private func check(
    _ name: String, _ steps: NaiveTrajectory, _ expected: [Double],
    _ formula: (Trajectory, StateValues, Tensor) -> Tensor
  ) {
    // Up to 25 terms of up to 3, times weights of up to 1.8 each, few of which follow one another:
    // 1e-10 leaves a margin.
    let wide = firstDifference(
      steps.estimate(formula), expected, absolute: 1e-10, relative: 1e-11)
    #expect(wide == nil, "\(name) [\(steps.steps), \(steps.environments)]: \(wide ?? "")")
    // The same with a rounding error of 6e-8.
    let narrow = firstDifference(
      steps.estimate(in: Float.self, formula), expected, absolute: 1e-4, relative: 1e-4)
    #expect(narrow == nil, "\(name) in Float: \(narrow ?? "")")
  }

  @Test(arguments: sizes, [0, 0.9, 1])
  func `estimators are their definitions, whatever stands where nothing is known`(
    size: (Int, Int), discount: Double
  ) {
    for seed in 0..<5 as Range<UInt64> {
      let steps = NaiveTrajectory.random(steps: size.0, environments: size.1, seed: seed)
      check("returns", steps, steps.returns(discount: discount, bootstraps: false)) { steps, _, _ in
        steps.returns(discount: discount)
      }
      check("bootstrapped", steps, steps.returns(discount: discount)) { steps, values, _ in
        steps.returns(discount: discount, values: values)
      }
      check("weighted", steps, steps.returns(discount: discount, isWeighted: true)) {
        $0.returns(discount: discount, values: $1, weights: $2)
      }
      for count in [1, 2, 3, 10, 40] {
        check("n-step", steps, steps.multiStepReturns(count, discount: discount)) {
          steps, values, _ in
          steps.multiStepReturns(count, values: values, discount: discount)
        }
      }
      for lambda in [0, 0.8, 1] {
        check("GAE", steps, steps.advantages(discount: discount, lambda: lambda)) {
          steps, values, _ in
          steps.generalizedAdvantages(values: values, discount: discount, lambda: lambda)
        }
        for (rhoClip, cClip) in [(1, 1), (0.7, 1.2), (Double.infinity, 0.5)] {
          let expected = steps.vTrace(
            discount: discount, lambda: lambda, rhoClip: rhoClip, cClip: cClip)
          func trace(
            _ part: KeyPath<VTrace, Tensor>
          ) -> (Trajectory, StateValues, Tensor) -> Tensor {
            {
              $0.vTrace(
                values: $1, ratios: $2, discount: discount, lambda: lambda, rhoClip: rhoClip,
                cClip: cClip)[keyPath: part]
            }
          }
          check("V-trace", steps, expected.values, trace(\.values))
          check("V-trace's advantages", steps, expected.advantages, trace(\.advantages))
        }
      }
    }
  }

  @Test(arguments: sizes)
  func `estimators that are special cases of others agree with them`(size: (Int, Int)) {
    let steps = NaiveTrajectory.random(steps: size.0, environments: size.1, seed: 11)
    func equal(
      _ name: String, _ left: (Trajectory, StateValues, Tensor) -> Tensor,
      _ right: (Trajectory, StateValues, Tensor) -> Tensor
    ) {
      // Two ways to the same sum of up to 25 terms.
      let difference = firstDifference(
        steps.estimate(left), steps.estimate(right), absolute: 1e-12, relative: 1e-12)
      #expect(difference == nil, "\(name): \(difference ?? "")")
    }
    for discount in [0.9, 1] {
      equal("V-trace(1) with ρ = 1 is GAE(1) + V") { steps, values, ratios in
        steps.vTrace(values: values, ratios: ratios - ratios + 1, discount: discount).values
      } _: { steps, values, _ in
        values.current
          + steps.generalizedAdvantages(values: values, discount: discount, lambda: 1)
      }
      equal("V-trace(λ) with ρ = 1 is GAE(λ) + V") { steps, values, ratios in
        steps.vTrace(values: values, ratios: ratios - ratios + 1, discount: discount, lambda: 0.7)
          .values
      } _: { steps, values, _ in
        values.current
          + steps.generalizedAdvantages(values: values, discount: discount, lambda: 0.7)
      }
      equal("GAE(1) is the return − V") { steps, values, _ in
        steps.generalizedAdvantages(values: values, discount: discount, lambda: 1)
      } _: { steps, values, _ in
        steps.returns(discount: discount, values: values) - values.current
      }
      equal("GAE(0) is the difference") { steps, values, _ in
        steps.generalizedAdvantages(values: values, discount: discount, lambda: 0)
      } _: { steps, values, _ in
        steps.temporalDifferences(values: values, discount: discount)
      }
      equal("a one-step return is V + the difference") { steps, values, _ in
        steps.multiStepReturns(1, values: values, discount: discount)
      } _: { steps, values, _ in
        values.current + steps.temporalDifferences(values: values, discount: discount)
      }
      equal("T-step returns are the returns") { steps, values, _ in
        steps.multiStepReturns(size.0, values: values, discount: discount)
      } _: { steps, values, _ in
        steps.returns(discount: discount, values: values)
      }
    }
  }

  @Test(arguments: sizes)
  func `with a discount of zero all are rewards, and values where nobody played`(
    size: (Int, Int)
  ) {
    let steps = NaiveTrajectory.random(steps: size.0, environments: size.1, seed: 11)
    // r + 0 · G is r exactly.
    #expect(steps.estimate { steps, _, _ in steps.returns(discount: 0) } == steps.rewards)
    let expected = steps.rewards.indices.map { index in
      steps.endings[index] == .waiting ? steps.values[index] : steps.rewards[index]
    }
    #expect(
      steps.estimate { steps, values, _ in steps.returns(discount: 0, values: values) }
        == expected)
    #expect(steps.estimate { $0.returns(discount: 0, values: $1, weights: $2) } == expected)
    #expect(
      steps.estimate { steps, values, _ in
        steps.multiStepReturns(3, values: values, discount: 0)
      } == expected)
    let sums: [(Trajectory, StateValues, Tensor) -> Tensor] = [
      { steps, values, _ in
        values.current + steps.temporalDifferences(values: values, discount: 0)
      },
      { steps, values, _ in
        values.current + steps.generalizedAdvantages(values: values, discount: 0, lambda: 0.7)
      },
      { steps, values, ratios in
        steps.vTrace(values: values, ratios: ratios - ratios + 1, discount: 0).values
      },
    ]
    for sum in sums {
      // V + (r − V) with numbers up to 3.
      let difference = firstDifference(steps.estimate(sum), expected, absolute: 1e-15)
      #expect(difference == nil, "\(difference ?? "")")
    }
  }

  @Test func `no gradient passes through an estimate`() {
    let graph = Graph()
    func parameter(_ name: String) -> Tensor { graph.parameter(name, [3, 2], .constant(0)) }
    let flags = parameter("flags").atLeast(0.5)
    let values = StateValues(
      current: parameter("current"), last: graph.parameter("last", [2], .constant(0)),
      final: parameter("final"))
    let steps = Trajectory(
      rewards: parameter("rewards"), ends: flags, terminated: 0 * flags, truncated: flags)
    let ratios = exp(parameter("ratios"))
    let trace = steps.vTrace(values: values, ratios: ratios, discount: 0.9)
    let estimates = [
      steps.returns(discount: 0.9, values: values, weights: ratios),
      steps.multiStepReturns(2, values: values, discount: 0.9),
      steps.generalizedAdvantages(values: values, discount: 0.9, lambda: 0.5), trace.values,
      trace.advantages,
    ]
    let loss = estimates.map { $0.sum() }.reduce(parameter("open").sum()) { $0 + $1 }
    let executor = Executor<Double>(graph, outputs: [], loss: loss)
    executor.weights.assign((0..<executor.weights.count).map { Double($0 % 7) / 7 })
    executor.weightsChanged()
    executor.forward()
    executor.backward()
    for entry in graph.parameters.entries {
      let expected = entry.name == "open" ? 1.0 : 0
      #expect(executor.gradients.elements[entry.range].allSatisfy { $0 == expected })
    }
  }
}
