import Rollout

/// A categorical distribution over the actions of a Discrete space.
///
/// The fragment records normalized log-probabilities, log π(a | s) for every a.
package struct Categorical: ActionDistribution {
  /// The number of actions.
  package let count: Int

  /// Creates a distribution over `count` actions.
  package init(count: Int) { self.count = count }

  /// One score for each action.
  package var scoreCount: Int { count }

  /// One log-probability for each action.
  package var logitCount: Int { count }

  /// Returns the log softmax of the scores.
  package func logits(from scores: Tensor) -> Tensor { scores.logSoftmax() }

  /// Returns the log-probability of the action taken, [rows, B].
  package func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor {
    guard let action = action.value else { preconditionFailure("a discrete action is one leaf") }
    return logits.pick(action)
  }

  /// Returns −Σ π log π, where an action of probability 0 counts 0.
  package func entropy(of logits: Tensor) -> Tensor { entropyOfLogProbabilities(logits) }

  /// Returns the action with the largest log-probability, the first among equals.
  package func mode(of logits: Tensor) -> [Tensor]? { [logits.indexOfLargest()] }

  /// Samples by inversion: the first action whose cumulative probability exceeds a uniform number.
  package func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow
  ) {
    let (actions, streams) = (actions.leaf(as: Int32.self), streams.values)
    switch choice {
    case .sample where logits.stride == count:
      logits.draw(streams, into: actions)
    case .sample:
      for environment in 0..<logits.environmentCount {
        actions[environment] = CategoricalDraw.sample(
          logits, environment, count, &streams[environment])
      }
    case .greedy:
      for environment in 0..<logits.environmentCount {
        actions[environment] = CategoricalDraw.likeliest(logits, environment, count)
      }
    }
  }
}
