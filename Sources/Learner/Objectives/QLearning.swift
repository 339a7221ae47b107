import Actor
import Rollout

/// Q-learning with a target network, by default double Q-learning.
///
/// With q of the trained weights, q⁻ of the target network, and s′ the state that a step led to,
/// before any reset:
///
///     y_t = r_{t+1} + γ (1 − terminated_t) q⁻(s′_t, a*)          no gradient passes
///     a*  = argmax q(s′_t, ·) in double Q-learning, argmax q⁻(s′_t, ·) otherwise
///     loss = mean(huber(q(s_t, a_t) − y_t))
///     huber(e) = e²/2 where |e| ≤ 1, otherwise |e| − 1/2
///
/// A truncated episode is bootstrapped from s′ like any other step; only termination sets the
/// bootstrap to 0.
///
/// Sources: Watkins (1989), "Learning from delayed rewards"; Mnih et al. (2015), "Human-level
/// control through deep reinforcement learning"; van Hasselt, Guez and Silver (2016), "Deep
/// reinforcement learning with double Q-learning".
public struct QLearning: Objective, Equatable {
  /// The algorithm's name in run directories and checkpoints.
  public static let name = "dqn"

  /// The policy of the trained network and its target network.
  public var policy: QNetworkPolicy
  /// γ, the discount factor.
  public var discount: Double
  /// True if the trained network selects the action that the target network evaluates.
  public var isDouble: Bool

  /// Creates the Q-learning objective with the given settings.
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
    // Huber loss: half the square, minus half the square of the excess over 1.
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
  /// Observations are `finalObs` where an episode ended and `next.obs` elsewhere. `stepno` is that
  /// of the next row, which is 0 where an episode ended, so a network that evaluates these states
  /// must not read it.
  var arrival: TracedState {
    guard let pairs = finalObs.zip(next.obs) else {
      preconditionFailure("final observations of another structure")
    }
    return TracedState(
      stepno: next.stepno, obs: pairs.map { next.fin.choosing($0, otherwise: $1) }, act: next.act,
      rew: next.rew, fin: 0 * next.fin.numeric, spaces: next.spaces)
  }
}
