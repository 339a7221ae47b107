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

  /// −Σ π log π, where an impossible action counts 0.
  public func entropy(of logits: Tensor) -> Tensor {
    // Below −1000 π is 0 in Float and in Double, so the bound changes no product. It is finite, and
    // small enough that a gradient's factor on it cannot overflow: 0 · ∞ would be NaN.
    let finite = -1000...Double.infinity
    return -(exp(logits) * logits.clamped(to: finite)).sumOverLastAxis()
  }

  /// Draws by inverting the cumulative distribution: the first action at which it passes a uniform number.
  public func act(
    on logits: LogitsView, choice: ActionChoice, streams: RandomStreamBuffer,
    into fragment: FragmentView, row: Int
  ) {
    guard let column = fragment.layout.act.value else { return }
    let actions = (fragment.base + column.offset(row: row)).assumingMemoryBound(to: Int32.self)
    switch choice {
    case .sample:
      draw(logits, streams.streams, actions)
    case .greedy:
      for environment in 0..<logits.environmentCount {
        actions[environment] = Int32(likeliest(logits, environment))
      }
    }
  }

  /// Goes through all probabilities in the order in which they lie, a vector of them at a time.
  @inline(__always)
  private func draw(
    _ logits: LogitsView, _ streams: UnsafeMutableBufferPointer<PCG64>,
    _ actions: UnsafeMutablePointer<Int32>
  ) {
    let total = logits.environmentCount &* count
    withUnsafeTemporaryAllocation(of: Float.self, capacity: Float.lanes) { probabilities in
      guard let probabilities = probabilities.baseAddress else { return }
      var environment = 0
      var action: Int32 = 0
      var choice = Choice()
      var start = 0
      while start < total {
        let width = min(Float.lanes, total &- start)
        Kernels.map(probabilities, logits.base + start, width) { Float.exp($0) }
        for lane in 0..<width {
          if action == 0 { choice = Choice(uniform: streams[environment].nextFloat()) }
          choice.pass(probabilities[lane], action)
          action &+= 1
          if action == count {
            actions[environment] = choice.action
            environment &+= 1
            action = 0
          }
        }
        start &+= width
      }
    }
  }

  /// A draw under way: how much of the uniform number is left when the actions so far have been passed.
  private struct Choice {
    var remaining: Float = 0
    /// The action drawn; until then the last possible one, which rounding can leave a remainder for.
    var action: Int32 = 0
    var isMade = false

    init() {}

    init(uniform: Float) { remaining = uniform }

    @inline(__always)
    mutating func pass(_ probability: Float, _ action: Int32) {
      if isMade { return }
      if probability > 0 { self.action = action }
      remaining -= probability
      isMade = remaining < 0
    }
  }

  @inline(__always)
  private func likeliest(_ logits: LogitsView, _ environment: Int) -> Int {
    var best = 0
    for action in 1..<max(count, 1) where logits[environment, action] > logits[environment, best] {
      best = action
    }
    return best
  }
}
