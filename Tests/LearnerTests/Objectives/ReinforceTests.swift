import Actor
import Learner
import Rollout
import TestSupport
import Testing

/// REINFORCE compared with PyTorch's figures for the policy and loss of rlplay's overview.
struct ReinforceTests {
  static let names = ["reinforce_inf", "reinforce_1"]

  /// Checks everything that PyTorch computed, within one bound.
  private func check<S: KernelScalar>(_: S.Type, _ name: String, bound: Double) throws {
    let figures = try ReinforceFigures(name)
    let traced = try TracedFigures<S>(figures)
    traced.run()
    let first = figures.reference["first"]
    let clip = figures.objective.rhoClip
    let gradients = traced.executor.gradients.elements.map { Double($0) }
    let pairs: [(String, [Double], [Double])] = [
      ("loss", [Double(traced.executor.value(of: traced.loss.loss))], [first["loss"].number]),
      ("entropy", [traced.metric("entropy")], [first["entropy"].number]),
      ("score", [traced.metric("policy_score")], [first["policy_score"].number]),
      ("returns", traced.values(traced.returns), first["returns"].numbers),
      ("rho", traced.values(traced.ratio).map { min($0, clip) }, first["rho"].numbers),
      ("logits", traced.values(traced.logits), first["logits"].numbers),
      ("gradients", gradients, figures.flat(first["gradients"], traced.parameters)),
    ]
    for (what, observed, expected) in pairs {
      let difference = firstDifference(observed, expected, absolute: bound, relative: bound)
      #expect(difference == nil, "\(name), \(what): \(difference ?? "")")
    }
    // The metrics of ρ follow from the ratios by definition.
    let ratios = traced.values(traced.ratio)
    let count = Double(ratios.count)
    #expect(
      isClose(
        traced.metric("rho_mean"), ratios.reduce(0, +) / count, relative: 1e-5))
    #expect(traced.metric("rho_max") == ratios.max())
    #expect(
      isClose(
        traced.metric("rho_clipped"), Double(ratios.count { $0 > clip }) / count, relative: 1e-6))
  }

  @Test(arguments: names)
  func `loss, returns, weights, logits and gradients agree with PyTorch's`(name: String) throws {
    // Sums of 200 terms near 10 in Double are off by 1e-12 at worst; 1e-10 leaves a margin.
    try check(Double.self, name, bound: 1e-10)
    // The same with a rounding error of 6e-8.
    try check(Float.self, name, bound: 1e-4)
  }

  /// Takes ten Adam steps; returns the norms and losses on the way and the final weights.
  private func train<S: KernelScalar & BinaryFloatingPoint>(
    _: S.Type, _ name: String
  ) throws -> (trace: [Double], weights: [Double], expectedTrace: [Double], expected: [Double]) {
    let figures = try ReinforceFigures(name)
    let traced = try TracedFigures<S>(figures)
    let adam = figures.reference["adam"]
    let optimizer = Adam<S>(
      count: traced.executor.weights.count, learningRate: S(adam["lr"].number),
      beta1: adam["beta1"].number, beta2: adam["beta2"].number, epsilon: adam["eps"].number)
    var trace: [Double] = []
    for _ in 0..<10 {
      traced.run()
      trace.append(Double(traced.executor.value(of: traced.loss.loss)))
      trace.append(traced.executor.gradients.norm())
      optimizer.step(traced.executor.weights, traced.executor.gradients)
    }
    return (
      trace, traced.executor.weights.elements.map { Double($0) },
      figures.reference["trace"].elements.flatMap { [$0["loss"].number, $0["grad_norm"].number] },
      figures.flat(figures.reference["parameters_after_10"], traced.parameters)
    )
  }

  @Test(arguments: names)
  func `ten steps of Adam end where PyTorch's do`(name: String) throws {
    let wide = try train(Double.self, name)
    let trace = firstDifference(wide.trace, wide.expectedTrace, absolute: 1e-10, relative: 1e-10)
    #expect(trace == nil, "\(trace ?? "")")
    // Adam divides by the gradient's magnitude, which amplifies the rounding of a tiny gradient.
    // After ten steps of 0.01 the remaining error is below 1e-10 here.
    let weights = firstDifference(wide.weights, wide.expected, absolute: 1e-10)
    #expect(weights == nil, "\(weights ?? "")")

    let narrow = try train(Float.self, name)
    let narrowTrace = firstDifference(
      narrow.trace, narrow.expectedTrace, absolute: 1e-4, relative: 1e-4)
    #expect(narrowTrace == nil, "\(narrowTrace ?? "")")
    // Relative to the largest weight, near 1: a weight near zero has few significant digits.
    let narrowWeights = firstDifference(narrow.weights, narrow.expected, absolute: 1e-4)
    #expect(narrowWeights == nil, "\(narrowWeights ?? "")")
  }

  @Test func `on-policy with a clip of one nothing is cut`() throws {
    let graph = Graph()
    let scores = graph.parameter("scores", [3, 2, 4], .constant(0))
    let act = graph.input([3, 2], elementType: .int32)
    let numbers = graph.input([3, 2])
    let distribution = Categorical(count: 4)
    let logits = distribution.logits(from: scores)
    let spaces = EnvironmentSpaces(observation: .discrete(4), action: .discrete(4))
    let state = TracedState(
      stepno: act, obs: .leaf(act), act: .leaf(act), rew: numbers, fin: numbers, spaces: spaces)
    let fragment = TracedFragment(
      current: state, next: state, actor: .fields([("logits", .leaf(logits.stopGradient()))]),
      terminated: numbers, truncated: numbers)
    for clip in [1, Double.infinity] {
      let traced = try Reinforce(rhoClip: clip).loss(
        of: fragment, reaction: Reaction(logits: logits), distribution: distribution)
      let executor = Executor<Double>(
        graph, outputs: traced.metrics.map(\.tensor), loss: traced.loss)
      executor.weights.assign((0..<24).map { Double($0 % 7) - 3 })
      executor.set(act, toIntegers: [0, 1, 2, 3, 0, 1])
      executor.forward()
      let values = traced.metrics.map { ($0.name, executor.value(of: $0.tensor)) }
      let metrics = Dictionary(uniqueKeysWithValues: values)
      #expect(metrics["rho_mean"] == 1 && metrics["rho_max"] == 1)
      #expect(metrics["rho_clipped"] == 0)
    }
  }
}
