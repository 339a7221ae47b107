import Actor
import Learner

/// Policy gradient without a value estimate: −mean((G_t − mean(G)) log π(a_t | s_t)).
struct SimplePolicyGradient: Objective {
  static let name = "simple"
  var discount: Double

  func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    let returns = Trajectory(fragment).returns(discount: discount)
    let logPi = distribution.logProbability(of: fragment.next.act, under: reaction.logits)
    let score = (logPi * (returns - returns.mean())).mean()
    let entropy = distribution.entropy(of: reaction.logits).mean()
    return TracedLoss(
      -score - 0.01 * entropy, metrics: [.init(name: "entropy", tensor: entropy, summary: .mean)])
  }
}

extension Algorithm {
  /// The loss above with the network, the optimizer and the workers of the options.
  static let simple = Algorithm(
    name: SimplePolicyGradient.name, options: ["epochs", "minibatches"],
    defaults: {
      $0.environment = "Mine-v0"
      $0.actorCount = 2
      $0.bufferCount = 4
      $0.learningRate = 0.01
    },
    objective: { configuration, _ in SimplePolicyGradient(discount: configuration.gamma) })
}
