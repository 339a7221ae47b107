import Rollout

/// Independent categorical distributions over the choices of a MultiDiscrete space.
///
/// The fragment records the normalized log-probabilities of each choice, one choice after the
/// other.
package struct MultiCategorical: ActionDistribution {
  /// The number of actions of each choice.
  package let counts: [Int]
  /// The number of actions of all choices.
  private let total: Int

  /// Creates a distribution over choices of `counts` actions.
  package init(counts: [Int]) {
    self.counts = counts
    total = counts.reduce(0, +)
  }

  /// One score for each action of each choice.
  package var scoreCount: Int { total }

  /// One log-probability for each action of each choice.
  package var logitCount: Int { total }

  /// Returns the log softmax of each choice's scores.
  package func logits(from scores: Tensor) -> Tensor {
    scores.graph.concatenate(columnRanges(counts).map { scores.columns($0).logSoftmax() })
  }

  /// Returns log π(a) = Σᵢ log πᵢ(aᵢ) of independent choices.
  package func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor {
    guard let action = action.value else { preconditionFailure("a MultiDiscrete action is a leaf") }
    let picked = columnRanges(counts).enumerated().map { choice, range in
      logits.columns(range).pick(
        action.columns(choice..<choice + 1).reshaped(Array(action.shape.dropLast())))
    }
    return picked.dropFirst().reduce(picked[0]) { $0 + $1 }
  }

  /// Returns H(π) = Σᵢ H(πᵢ) of independent choices.
  package func entropy(of logits: Tensor) -> Tensor { entropyOfLogProbabilities(logits) }

  /// Returns the action with the largest log-probability for each choice.
  package func mode(of logits: Tensor) -> [Tensor]? {
    let leading = Array(logits.shape.dropLast())
    return [
      logits.graph.concatenate(
        columnRanges(counts).map {
          logits.columns($0).indexOfLargest().reshaped(leading + [1])
        })
    ]
  }

  /// Draws an environment's choices one by one from its stream.
  package func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow
  ) {
    let (actions, streams) = (actions.leaf(as: Int32.self), streams.values)
    for environment in 0..<logits.environmentCount {
      var first = 0
      for component in counts.indices {
        let count = counts[component]
        let action =
          switch choice {
          case .sample:
            CategoricalDraw.sample(logits, environment, from: first, count, &streams[environment])
          case .greedy: CategoricalDraw.likeliest(logits, environment, from: first, count)
          }
        actions[environment &* counts.count &+ component] = action
        first += count
      }
    }
  }
}

/// Returns the column ranges of parts of some widths, side by side.
func columnRanges(_ widths: [Int]) -> [Range<Int>] {
  var start = 0
  return widths.map { width in
    defer { start += width }
    return start..<start + width
  }
}
