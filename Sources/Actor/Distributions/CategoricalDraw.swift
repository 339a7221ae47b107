import Rollout

/// A draw in progress: a uniform number less the probabilities of the actions passed so far.
struct CategoricalDraw {
  private var remaining: Float = 0
  /// The action drawn, or so far the last possible one, for a remainder left by rounding.
  private(set) var action: Int32 = 0

  init() {}

  init(uniform: Float) { remaining = uniform }

  /// Passes an action: the one that makes the remainder negative is drawn, and later ones are not.
  ///
  /// A conditional select replaces a branch, since a draw defeats branch prediction.
  @inline(__always)
  mutating func pass(_ probability: Float, _ action: Int32) {
    self.action = !(remaining < 0) && probability > 0 ? action : self.action
    remaining -= probability
  }

  /// Draws one of `count` actions whose log-probabilities begin at a logit of an environment.
  @inline(__always)
  static func sample(
    _ logits: LogitsView, _ environment: Int, from first: Int = 0, _ count: Int,
    _ stream: inout PCG64
  ) -> Int32 {
    var choice = CategoricalDraw(uniform: stream.nextFloat())
    var action: Int32 = 0
    logits.forEachProbability(environment, from: first, count) { probability in
      choice.pass(probability, action)
      action &+= 1
    }
    return choice.action
  }

  /// Returns the most likely of `count` actions, the first among equals.
  @inline(__always)
  static func likeliest(
    _ logits: LogitsView, _ environment: Int, from first: Int = 0, _ count: Int
  ) -> Int32 {
    var best = 0
    for action in 1..<max(count, 1)
    where logits[environment, first &+ action] > logits[environment, first &+ best] {
      best = action
    }
    return Int32(best)
  }
}

/// Returns −Σ π log π over the last axis, where an outcome of probability 0 counts 0.
func entropyOfLogProbabilities(_ logits: Tensor) -> Tensor {
  // Below −1000, π is 0 in Float and in Double, and the bound changes no product. The bound is
  // finite, since 0 · ∞ would be NaN. It is small enough to keep a gradient's factor on it from
  // overflowing.
  let finite = -1000...Double.infinity
  return -(exp(logits) * logits.clamped(to: finite)).sumOverLastAxis()
}
