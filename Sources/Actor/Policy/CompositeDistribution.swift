import Rollout

/// Several independent actions at once, each with a distribution of its own: that of a Tuple or Dict space.
///
/// The parts are the space's leaves in declared order, however deeply they are nested. Scores and logits stand side by side in
/// that order.
public struct CompositeDistribution: ActionDistribution {
  /// The leaves' distributions in declared order.
  public let parts: [any ActionDistribution]
  /// Numbers that a network gives for all parts.
  public let scoreCount: Int
  /// Numbers that are recorded for all parts.
  public let logitCount: Int

  private let scoreRanges: [Range<Int>]
  private let logitRanges: [Range<Int>]

  /// Puts distributions together.
  ///
  /// - Precondition: there is at least one, and each is that of a single leaf.
  public init(_ parts: [any ActionDistribution]) {
    precondition(!parts.isEmpty, "a composition of nothing")
    self.parts = parts
    scoreRanges = columnRanges(parts.map(\.scoreCount))
    logitRanges = columnRanges(parts.map(\.logitCount))
    scoreCount = scoreRanges.last?.upperBound ?? 0
    logitCount = logitRanges.last?.upperBound ?? 0
  }

  /// Each part's logits of its own scores, side by side.
  public func logits(from scores: Tensor) -> Tensor {
    scores.graph.concatenate(
      zip(parts, scoreRanges).map { part, range in part.logits(from: scores.columns(range)) })
  }

  /// log π(a) = Σ log πᵢ(aᵢ), as the parts are independent.
  public func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor {
    let leaves = action.leaves
    precondition(leaves.count == parts.count, "\(leaves.count) leaves for \(parts.count) parts")
    return sum { index in
      parts[index].logProbability(
        of: .leaf(leaves[index]), under: logits.columns(logitRanges[index]))
    }
  }

  /// H(π) = Σ H(πᵢ), as the parts are independent.
  public func entropy(of logits: Tensor) -> Tensor {
    sum { parts[$0].entropy(of: logits.columns(logitRanges[$0])) }
  }

  private func sum(_ term: (Int) -> Tensor) -> Tensor {
    parts.indices.dropFirst().reduce(term(0)) { $0 + term($1) }
  }

  /// Lets each part draw for all environments, in declared order.
  public func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into actions: ActionRow
  ) {
    for index in parts.indices {
      let range = logitRanges[index]
      let part = LogitsView(
        environmentCount: logits.environmentCount, width: range.count, stride: logits.stride,
        base: logits.base + range.lowerBound)
      parts[index].act(
        on: part, choice: choice, streams: streams, into: actions.dropping(index))
    }
  }
}
