import Rollout

/// A draw under way: how much of the uniform number is left when the actions so far have been passed.
struct CategoricalChoice {
  private var remaining: Float = 0
  /// The action drawn; until then the last possible one, which rounding can leave a remainder for.
  private(set) var action: Int32 = 0

  init() {}

  init(uniform: Float) { remaining = uniform }

  /// Goes past an action, which is the one drawn if the remainder becomes negative; then it stays so.
  ///
  /// A selection and no branch: a draw is what a processor cannot foresee.
  @inline(__always)
  mutating func pass(_ probability: Float, _ action: Int32) {
    self.action = !(remaining < 0) && probability > 0 ? action : self.action
    remaining -= probability
  }

  /// Draws one of `count` actions whose log-probabilities lie at `logits`.
  @inline(__always)
  static func sample(_ logits: UnsafePointer<Float>, _ count: Int, _ stream: inout PCG64) -> Int32 {
    var choice = CategoricalChoice(uniform: stream.nextFloat())
    withUnsafeTemporaryAllocation(of: Float.self, capacity: Float.lanes) { probabilities in
      guard let probabilities = probabilities.baseAddress else { return }
      var start = 0
      while start < count {
        let width = min(Float.lanes, count &- start)
        Kernels.map(probabilities, logits + start, width) { Float.exp($0) }
        for lane in 0..<width { choice.pass(probabilities[lane], Int32(start &+ lane)) }
        start &+= width
      }
    }
    return choice.action
  }

  /// The likeliest of `count` actions, the first of equals.
  @inline(__always)
  static func likeliest(_ logits: UnsafePointer<Float>, _ count: Int) -> Int32 {
    var best = 0
    for action in 1..<max(count, 1) where logits[action] > logits[best] { best = action }
    return Int32(best)
  }
}

/// −Σ π log π over the last axis, where an impossible outcome counts 0.
///
/// Of several independent choices side by side this is their joint entropy.
func entropyOfLogProbabilities(_ logits: Tensor) -> Tensor {
  // Below −1000 π is 0 in Float and in Double, so the bound changes no product. It is finite, and
  // small enough that a gradient's factor on it cannot overflow: 0 · ∞ would be NaN.
  let finite = -1000...Double.infinity
  return -(exp(logits) * logits.clamped(to: finite)).sumOverLastAxis()
}
