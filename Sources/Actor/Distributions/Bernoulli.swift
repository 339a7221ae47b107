import Rollout

/// Independent Bernoulli distributions over the choices of a MultiBinary space.
///
/// A score is a choice's log-odds, z = log p(yes) − log p(no). The fragment records both
/// log-probabilities of each choice, no before yes. Like every other discrete distribution, it
/// records log-probabilities, and nothing is left to compute from them that could overflow.
package struct Bernoulli: ActionDistribution {
  /// The number of choices.
  package let count: Int

  /// Creates a distribution over `count` choices.
  package init(count: Int) { self.count = count }

  /// One score for each choice.
  package var scoreCount: Int { count }

  /// Two log-probabilities for each choice.
  package var logitCount: Int { 2 * count }

  /// Returns log softmax of (0, z), which is (−log(1 + eᶻ), z − log(1 + eᶻ)).
  package func logits(from scores: Tensor) -> Tensor {
    let leading = Array(scores.shape.dropLast())
    let yes = scores.reshaped(leading + [count, 1])
    return scores.graph.concatenate([0 * yes, yes]).logSoftmax().reshaped(leading + [logitCount])
  }

  /// Returns log π(a) = Σᵢ aᵢ log p(yesᵢ) + (1 − aᵢ) log p(noᵢ) of independent choices.
  package func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor {
    guard let action = action.value?.numeric else {
      preconditionFailure("a MultiBinary action is a leaf")
    }
    let pairs = logits.reshaped(action.shape + [2])
    let no = pairs.columns(0..<1).reshaped(action.shape)
    let yes = pairs.columns(1..<2).reshaped(action.shape)
    return (action * yes + (1 - action) * no).sumOverLastAxis()
  }

  /// Returns H(π) = Σᵢ H(πᵢ) of independent choices.
  package func entropy(of logits: Tensor) -> Tensor { entropyOfLogProbabilities(logits) }

  /// Returns 1 for each choice that is likelier than not, 0 elsewhere.
  package func mode(of logits: Tensor) -> [Tensor]? {
    [logits.reshaped(logits.shape.dropLast() + [count, 2]).indexOfLargest()]
  }

  /// Draws an environment's choices one by one from its stream; the greedy choice of a tie is no.
  package func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow
  ) {
    let (actions, streams) = (actions.leaf(as: UInt8.self), streams.values)
    for environment in 0..<logits.environmentCount {
      for component in 0..<count {
        let pair = 2 &* component
        let action =
          switch choice {
          case .sample:
            CategoricalDraw.sample(logits, environment, from: pair, 2, &streams[environment])
          case .greedy: CategoricalDraw.likeliest(logits, environment, from: pair, 2)
          }
        actions[environment &* count &+ component] = UInt8(action)
      }
    }
  }
}
