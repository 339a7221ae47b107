import Actor
import Foundation
import Learner
import TestSupport
import Testing

/// Estimators compared with figures that NumPy computed from their definitions.
struct EstimatorReferenceTests {
  /// The error bound: sums of 25 terms are off by 1e-12 at worst.
  ///
  /// That includes importance weights of up to 100 in V-trace without bounds.
  private let bound = 1e-9

  /// Returns the recorded steps, with log π/μ in place of the ratios.
  private func trajectory(_ reference: Reference) -> NaiveTrajectory {
    let (logPi, logMu) = (reference["log_pi"].numbers, reference["log_mu"].numbers)
    return NaiveTrajectory(
      environments: Int(reference["B"].number), rewards: reference["rewards"].numbers,
      endings: reference["fin"].numbers.map { $0 == 0 ? .none : .terminated },
      values: reference["values"].numbers, last: reference["bootstrap"].numbers,
      final: Array(repeating: .nan, count: logPi.count), ratios: zip(logPi, logMu).map(-))
  }

  private func check(
    _ name: String, _ observed: [Double], _ expected: Reference, discount: Double
  ) {
    let difference = firstDifference(observed, expected.numbers, absolute: bound)
    #expect(difference == nil, "\(name), γ = \(discount): \(difference ?? "")")
  }

  @Test func `returns, differences, GAE and n-step returns are the recorded ones`() throws {
    let reference = try Reference("estimators")
    let steps = trajectory(reference)
    for figures in reference["cases"].elements {
      // Together with V-trace's figures below, no figure is left out.
      #expect(figures.keys == ["deltas", "gae", "gamma", "multistep", "returns", "vtrace"])
      let discount = figures["gamma"].number
      check(
        "returns",
        steps.estimate { steps, values, _ in
          steps.returns(discount: discount, values: values)
        },
        figures["returns"], discount: discount)
      check(
        "differences",
        steps.estimate { steps, values, _ in
          steps.temporalDifferences(values: values, discount: discount)
        },
        figures["deltas"], discount: discount)
      for lambda in figures["gae"].keys {
        let advantages = steps.estimate { steps, values, _ in
          steps.generalizedAdvantages(
            values: values, discount: discount, lambda: Double(lambda) ?? .nan)
        }
        check("GAE(\(lambda))", advantages, figures["gae", lambda], discount: discount)
      }
      for count in figures["multistep"].keys {
        let returns = steps.estimate { steps, values, _ in
          steps.multiStepReturns(Int(count) ?? 0, values: values, discount: discount)
        }
        check("\(count)-step", returns, figures["multistep", count], discount: discount)
      }
    }
  }

  @Test func `V-trace's values and advantages are the recorded ones`() throws {
    let reference = try Reference("estimators")
    let steps = trajectory(reference)
    for figures in reference["cases"].elements {
      let discount = figures["gamma"].number
      for recorded in figures["vtrace"].elements {
        func clip(_ key: String) -> Double {
          recorded[key].json is NSNull ? .infinity : recorded[key].number
        }
        func observed(_ part: KeyPath<VTrace, Tensor>) -> [Double] {
          steps.estimate { steps, values, logRatios in
            steps.vTrace(
              values: values, ratios: exp(logRatios), discount: discount,
              rhoClip: clip("r_bar"), cClip: clip("c_bar"))[keyPath: part]
          }
        }
        check("v", observed(\.values), recorded["values"], discount: discount)
        check("A", observed(\.advantages), recorded["pg_advantages"], discount: discount)
      }
    }
  }
}
