import Rollout

/// Independent distributions over the leaves of a Tuple or Dict space.
///
/// The parts are the leaves at any depth, in declared order. Scores and logits are concatenated in
/// that order.
package struct CompositeDistribution: ActionDistribution {
  /// The leaves' distributions in declared order.
  package let parts: [any ActionDistribution]
  /// The number of scores of all parts.
  package let scoreCount: Int
  /// The number of logits of all parts.
  package let logitCount: Int

  private let scoreRanges: [Range<Int>]
  private let logitRanges: [Range<Int>]

  /// Composes distributions.
  ///
  /// - Precondition: `parts` is not empty, and each is the distribution of a single leaf.
  package init(_ parts: [any ActionDistribution]) {
    precondition(!parts.isEmpty, "a composite distribution without parts")
    self.parts = parts
    scoreRanges = columnRanges(parts.map(\.scoreCount))
    logitRanges = columnRanges(parts.map(\.logitCount))
    scoreCount = scoreRanges.last?.upperBound ?? 0
    logitCount = logitRanges.last?.upperBound ?? 0
  }

  /// Returns the concatenated logits, each part's from its own scores.
  package func logits(from scores: Tensor) -> Tensor {
    scores.graph.concatenate(
      zip(parts, scoreRanges).map { part, range in part.logits(from: scores.columns(range)) })
  }

  /// Returns log π(a) = Σ log πᵢ(aᵢ) of independent parts.
  package func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor {
    let leaves = action.leaves
    precondition(leaves.count == parts.count, "\(leaves.count) leaves for \(parts.count) parts")
    return sum { index in
      parts[index].logProbability(
        of: .leaf(leaves[index]), under: logits.columns(logitRanges[index]))
    }
  }

  /// Returns H(π) = Σ H(πᵢ) of independent parts.
  package func entropy(of logits: Tensor) -> Tensor {
    sum { parts[$0].entropy(of: logits.columns(logitRanges[$0])) }
  }

  /// Returns the most likely action of each part.
  package func mode(of logits: Tensor) -> [Tensor]? {
    var modes: [Tensor] = []
    for (part, range) in zip(parts, logitRanges) {
      guard let mode = part.mode(of: logits.columns(range)) else { return nil }
      modes += mode
    }
    return modes
  }

  private func sum(_ term: (Int) -> Tensor) -> Tensor {
    parts.indices.dropFirst().reduce(term(0)) { $0 + term($1) }
  }

  /// Draws each part's actions for all environments, in declared order.
  package func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow
  ) {
    for index in parts.indices {
      parts[index].act(
        on: logits.columns(logitRanges[index]), choice: choice, streams: streams,
        into: actions.dropping(index))
    }
  }
}
