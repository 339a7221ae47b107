import Actor
import Rollout

/// What the networks of learner and workers say that a fragment's states are worth.
struct StateJudgement {
  /// v_t for rows 0…T−1 [T, B] by the policy that is trained, through which gradients pass.
  let values: Tensor
  /// The same held fixed, and what stands behind the last row and behind cuts.
  let known: StateValues

  /// Looks a value up in what both policies said.
  ///
  /// - Throws: `PolicyError` when they say none.
  init(of fragment: TracedFragment, _ reaction: Reaction) throws(PolicyError) {
    guard let values = reaction.information.first(where: { $0.name == "value" })?.tensor,
      let known = StateValues(values, of: fragment)
    else {
      throw PolicyError(
        """
        this objective needs a policy that says a value: give NetworkPolicy a value head, or a \
        policy of your own information named 'value' with a number for each row
        """)
    }
    self.values = values
    self.known = known
  }

  /// What is reported: the mean value, and the error of values.
  func metrics(error: Tensor, over steps: Trajectory) -> [TracedLoss.Metric] {
    [
      .init(name: "value_mean", tensor: values.mean(over: steps), summary: .mean),
      .init(name: "value_loss", tensor: error, summary: .mean),
    ]
  }
}

extension StateValues {
  /// What the policy that collected said itself of all states of a fragment, but of row T who is to bootstrap.
  ///
  /// `nil` when it said nothing of that name.
  public init?(recordedIn fragment: TracedFragment, named name: String = "value") {
    guard let current = fragment.actor[name]?.value else { return nil }
    self.init(current, of: fragment, named: name)
  }
}
