import Actor
import Rollout

/// Actions drawn repeatedly from the same scores, in a fragment with the recorded outputs.
struct DrawnActions {
  let fragment: FragmentView
  let distribution: any ActionDistribution
  private let policy: EchoPolicy
  private static let (steps, environments) = (40, 500)

  /// Lets 500 environments react 40 times to equal scores.
  init(
    _ space: Space, scores: [Float], choice: ActionChoice = .sample, seed: UInt64 = 3,
    weights: [Float] = [], policy: EchoPolicy = EchoPolicy()
  ) throws {
    self.policy = policy
    let (steps, environments) = (Self.steps, Self.environments)
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [scores.count], low: -.infinity, high: .infinity), action: space)
    let layout = FragmentLayout(
      stepCount: steps, environmentCount: environments,
      contents: try PolicySignature(policy, for: spaces).contents(spaces))
    fragment = FragmentStorage(layout).view
    distribution = try policy.distribution(for: space)
    let seen = fragment.obs(as: Float.self)
    for t in 0...steps {
      for b in 0..<environments {
        for (index, score) in scores.enumerated() { seen[t, b, index] = score }
      }
    }
    let actor = try Scene.actor(layout, policy: policy, choice: choice, seed: seed)
    if !weights.isEmpty { actor.weights.assign(weights) }
    actor.weightsChanged()
    for t in 0...steps { actor.react(to: fragment, at: t, virtual: t == steps) }
  }

  /// Returns the actions drawn for one leaf, [draws][elements].
  func actions<Element: RecordableScalar>(
    leaf: Int = 0, as type: Element.Type
  ) -> [[Element]] {
    let view: ColumnView<Element> = fragment.column(fragment.layout.act.leaves[leaf])
    return (1...Self.steps).flatMap { t in
      (0..<Self.environments).map { b in (0..<view.elementCount).map { view[t, b, $0] } }
    }
  }

  /// Returns π(a) / μ(a) of each action drawn, as computed by a learner with the same weights.
  func ratios(weights: [Float] = []) throws -> [Float] {
    let graph = Graph()
    let traced = TracedFragment(graph, fragment.layout)
    let reaction = try policy.react(to: traced.current, choosing: distribution, in: graph)
    guard let behavior = traced.actor["logits"]?.value else { return [] }
    let ratio = exp(
      distribution.logProbability(of: traced.next.act, under: reaction.logits)
        - distribution.logProbability(of: traced.next.act, under: behavior))
    let executor = Executor<Float>(graph, outputs: [ratio])
    if !weights.isEmpty { executor.weights.assign(weights) }
    executor.weightsChanged()
    executor.bind(fragment)
    executor.forward()
    return executor.values(of: ratio)
  }
}

/// Returns χ² of the frequencies of outcomes against their probabilities.
func chiSquare(_ drawn: [Int], _ probabilities: [Double]) -> Double {
  var counts = Array(repeating: 0.0, count: probabilities.count)
  for outcome in drawn { counts[outcome] += 1 }
  return zip(counts, probabilities).reduce(0) { sum, pair in
    let expected = pair.1 * Double(drawn.count)
    return sum + (pair.0 - expected) * (pair.0 - expected) / expected
  }
}
