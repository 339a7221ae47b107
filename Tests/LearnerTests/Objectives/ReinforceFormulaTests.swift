import Actor
import Learner
import Rollout
import TestSupport
import Testing

/// REINFORCE with every baseline compared with its formula in plain numbers.
struct ReinforceFormulaTests {
  private func objective(_ baseline: ReturnBaseline, normalizes: Bool = false) -> Reinforce {
    Reinforce(
      discount: 0.9, entropyCost: 0.02, rhoClip: 1.1, baseline: baseline,
      normalizesReturns: normalizes, valueCost: 0.7)
  }

  static let cases = ReturnBaseline.allCases.flatMap { baseline in
    [false, true].flatMap { normalizes in [false, true].map { (baseline, normalizes, $0) } }
  }

  @Test(arguments: cases)
  func `the loss is its formula, and its gradient holds weights, returns and baseline fixed`(
    baseline: ReturnBaseline, normalizes: Bool, mayWait: Bool
  ) throws {
    let scene = try ObjectiveScene(
      objective(baseline, normalizes: normalizes), mayWait: mayWait)
    let steps = scene.judged
    let returns = steps.returns(discount: 0.9, bootstraps: baseline == .value)
    let compared = returns.indices.map { index in
      switch baseline {
      case .none: return returns[index]
      case .mean:
        if steps.endings[index] == .waiting { return 0 }
        let row = index / steps.environments * steps.environments
        let played = (row..<row + steps.environments).filter { steps.endings[$0] != .waiting }
        return returns[index] - mean(played.map { returns[$0] })
      case .value: return returns[index] - steps.values[index]
      }
    }
    let weights = zip(normalizes ? steps.normalized(compared) : compared, steps.ratios).map {
      $0 * min(1.1, $1)
    }
    scene.check {
      let errors = zip(scene.values, returns).map { ($0 - $1) * ($0 - $1) }
      return -scene.mean(zip(weights, scene.logPi).map { $0 * $1 })
        + (baseline == .value ? 0.7 * scene.mean(errors) : 0) - 0.02 * scene.entropy
    }
  }

  @Test(arguments: [false, true])
  func `what is reported is of the steps that were played`(mayWait: Bool) throws {
    let scene = try ObjectiveScene(objective(.mean), mayWait: mayWait)
    let played = scene.recorded.played(scene.ratios)
    let expected = [
      "entropy": scene.entropy, "rho_mean": mean(played),
      "rho_max": played.max() ?? .nan, "rho_clipped": mean(played.map { $0 > 1.1 ? 1 : 0 }),
    ]
    for (name, number) in expected {
      // 21 terms in Double.
      #expect(isClose(try scene.metric(name), number, relative: 1e-12), "\(name)")
    }
  }

  @Test func `a value that is learned is reported with its error`() throws {
    let names = try ObjectiveScene(objective(.value)).loss.metrics.map(\.name)
    #expect(names.suffix(2) == ["value_mean", "value_loss"])
  }

  @Test func `a policy without a value is refused in a sentence`() throws {
    let setup = try Collection.setup()
    let error = #expect(throws: PolicyError.self) {
      try PolicyUpdate(
        setup.policy, objective(.value), layout: setup.layout, weights: setup.weights,
        optimizer: SGD<Float>(count: setup.weights.count, learningRate: 0.1))
    }
    #expect(error?.description.contains("value") == true)
  }
}
