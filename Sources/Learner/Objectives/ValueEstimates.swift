import Actor
import Rollout

/// The value estimates of a fragment's states by the learner and by the actor.
struct ValueEstimates {
  /// v_t for rows 0…T−1 [T, B] by the trained policy; gradients pass through it.
  let values: Tensor
  /// The same without gradients, with the values behind the last row and at truncation.
  let known: StateValues

  /// Reads the value estimates from the outputs of both policies.
  ///
  /// - Throws: `PolicyError` if the policy has no output named `value`.
  init(of fragment: TracedFragment, _ reaction: Reaction) throws(PolicyError) {
    guard let values = reaction["value"],
      let known = StateValues(values, of: fragment)
    else {
      throw PolicyError(
        """
        this objective needs a policy with a value estimate: give NetworkPolicy a value head, or a \
        custom policy information named 'value' with one number for each row
        """)
    }
    self.values = values
    self.known = known
  }

  /// Returns the reported metrics: explained variance, mean and error of the value estimates.
  ///
  /// The explained variance is 1 − Var(target − v) / Var(target): 1 for exact value estimates, 0
  /// for constant ones.
  func metrics(error: Tensor, target: Tensor, over steps: Trajectory) -> [TracedLoss.Metric] {
    let part = (target - values).variance(over: steps) / target.variance(over: steps)
    return [
      .init(name: "explained_variance", tensor: 1 - part, summary: .mean),
      .init(name: "value_mean", tensor: values.mean(over: steps), summary: .mean),
      .init(name: "value_loss", tensor: error, summary: .mean),
    ]
  }
}

extension StateValues {
  /// Creates the value estimates that the actor recorded for a fragment.
  ///
  /// The value of row T is the actor's or the learner's, as `Bootstrap` decides. The result is nil
  /// if the actor recorded no output of that name.
  public init?(recordedIn fragment: TracedFragment, named name: String = "value") {
    guard let current = fragment.actor[name]?.value else { return nil }
    self.init(current, of: fragment, named: name)
  }
}
