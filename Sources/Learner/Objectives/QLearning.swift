import Actor
import Rollout

/// Q-learning: what an action is worth is what it earned and the best that can follow.
///
/// With q of the trained weights, q⁻ of the target network and s′ the state that a step led to, before any reset:
///
///     y_t = r_{t+1} + γ (1 − terminated_t) q⁻(s′_t, a*)          no gradient passes
///     a*  = argmax q⁻(s′_t, ·), or of double Q-learning argmax q(s′_t, ·)
///     loss = mean(huber(q(s_t, a_t) − y_t)),   huber(e) = e²/2 where |e| ≤ 1, otherwise |e| − 1/2
///
/// An episode that a limit cut goes on in s′ as any other.
///
/// Sources: Watkins (1989), "Learning from delayed rewards"; Mnih et al. (2015), "Human-level control through deep reinforcement
/// learning"; van Hasselt, Guez and Silver (2016), "Deep reinforcement learning with double Q-learning".
public struct QLearning: Objective, Equatable {
  /// The name in run directories and checkpoints.
  public static let name = "dqn"

  /// The policy whose network is trained.
  public var policy: QNetworkPolicy
  /// γ, how much a reward is worth a step earlier.
  public var discount: Double
  /// Whether the trained network chooses the action that the target network values.
  public var isDouble: Bool

  /// Q-learning with these settings.
  public init(_ policy: QNetworkPolicy, discount: Double = 0.99, isDouble: Bool = true) {
    self.policy = policy
    self.discount = discount
    self.isDouble = isDouble
  }

  /// Traces the loss.
  public func loss(
    of fragment: TracedFragment, reaction: Reaction, distribution: any ActionDistribution
  ) throws(PolicyError) -> TracedLoss {
    guard let q = reaction.information.first(where: { $0.name == "q" })?.tensor,
      let action = fragment.next.act.value
    else { throw PolicyError("Q-learning trains a QNetworkPolicy") }
    let graph = q.graph
    let arrival = fragment.arrival
    let judged = try policy.values(of: arrival, by: .target, in: graph)
    let choosing =
      isDouble ? try policy.values(of: arrival, by: .online, in: graph).stopGradient() : judged
    let best = (choosing.oneHotOfLargest() * judged).sumOverLastAxis()
    let target =
      fragment.rewards.numeric
      + discount * fragment.terminated.choosing(graph.constant(0), otherwise: best)
    let taken = q.pick(action)
    let error = taken - target.stopGradient()
    let size = error.maximum(-error)
    // Huber's: half the square, less half the square of what is beyond 1.
    let loss = (0.5 * (error.squared() - (size - 1).relu().squared())).mean()
    return TracedLoss(
      loss,
      metrics: [
        .init(name: "q_mean", tensor: taken.mean(), summary: .mean),
        .init(name: "td_error", tensor: size.mean(), summary: .mean),
      ])
  }
}

extension TracedFragment {
  /// The states that steps led to, before any reset: rows [T, B].
  ///
  /// Their step number is that of the next row, 0 where an episode ended: a network that is to value them must not see it.
  var arrival: TracedState {
    guard let pairs = finalObs.zip(next.obs) else {
      preconditionFailure("final observations of another structure")
    }
    return TracedState(
      stepno: next.stepno, obs: pairs.map { next.fin.choosing($0, otherwise: $1) }, act: next.act,
      rew: next.rew, fin: 0 * next.fin.numeric, spaces: next.spaces)
  }
}
