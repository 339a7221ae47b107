import Rollout

/// One of several actions, each with a probability: the distribution of a discrete space.
///
/// The fragment records normalised log-probabilities, log π(a | s) for every a.
public struct Categorical: ActionDistribution {
  /// How many actions there are.
  public let count: Int

  /// A distribution over that many actions.
  public init(count: Int) { self.count = count }

  /// One score for each action.
  public var scoreCount: Int { count }

  /// log softmax of the scores.
  public func logits(from scores: Tensor) -> Tensor { scores.logSoftmax() }

  /// The log-probability of the action taken, [rows, B].
  public func logProbability(of action: Nested<Tensor>, under logits: Tensor) -> Tensor {
    guard let action = action.value else { preconditionFailure("a discrete action is one leaf") }
    return logits.pick(action)
  }

  /// −Σ π log π, with log π held above the smallest float so that an impossible action counts 0.
  public func entropy(of logits: Tensor) -> Tensor {
    let finite = -Double(Float.greatestFiniteMagnitude)...Double.infinity
    return -(exp(logits) * logits.clamped(to: finite)).sumOverLastAxis()
  }

  /// Draws by inverting the cumulative distribution: the first action at which it passes a uniform number.
  public func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into fragment: FragmentView, row: Int
  ) {
    guard let column = fragment.layout.act.value else { return }
    let actions = (fragment.base + column.offset(row: row)).assumingMemoryBound(to: Int32.self)
    for environment in 0..<logits.environmentCount {
      switch choice {
      case .sample:
        actions[environment] = Int32(
          draw(logits, environment, streams.streams[environment].nextDouble()))
      case .greedy:
        actions[environment] = Int32(likeliest(logits, environment))
      }
    }
  }

  @inline(__always)
  private func draw(_ logits: LogitsView, _ environment: Int, _ uniform: Double) -> Int {
    var remaining = Float(uniform)
    // Rounding can leave a remainder after the last action: it is given to the last one that is possible.
    var possible = 0
    for action in 0..<count {
      let probability = exponential(logits[environment, action])
      if probability > 0 { possible = action }
      remaining -= probability
      if remaining < 0 { return action }
    }
    return possible
  }

  @inline(__always)
  private func likeliest(_ logits: LogitsView, _ environment: Int) -> Int {
    var best = 0
    for action in 1..<max(count, 1) where logits[environment, action] > logits[environment, best] {
      best = action
    }
    return best
  }

  @inline(__always)
  private func exponential(_ x: Float) -> Float {
    Float.exp(Float.Vector(repeating: x))[0]
  }
}
