import Rollout

/// Adam with bias correction, or AdamW if there is weight decay, as PyTorch computes them.
///
///     m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
///     θ ← (1 − η λ) θ − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
///
/// The weight decay λ is outside of the quotient. It shrinks all weights by the same factor,
/// independent of the size of their gradients.
///
/// Sources: Kingma and Ba (2015), "Adam: a method for stochastic optimization", algorithm 1;
/// Loshchilov and Hutter (2019), "Decoupled weight decay regularization", algorithm 2.
public final class Adam<Scalar: BinaryFloatingPoint & BitwiseCopyable>: ElementwiseOptimizer {
  /// η, the step size.
  public var learningRate: Scalar
  /// β₁, the decay rate of the mean of gradients.
  package let beta1: Double
  /// β₂, the decay rate of the mean of squared gradients.
  package let beta2: Double
  /// ε, which keeps the quotient finite.
  package let epsilon: Double
  /// λ, the fraction by which a step at learning rate 1 shrinks each weight; 0 for plain Adam.
  package let weightDecay: Double
  /// The groups of weights that the optimizer moves.
  public let groups: [ParameterGroup]

  /// The number of weights that the optimizer was created for.
  public var weightCount: Int { means.count }
  /// t, the number of steps taken so far.
  public var stepCount = 0
  private let means: FlatVector<Scalar>
  private let squares: FlatVector<Scalar>

  /// m as `mean` and v as `mean_square`.
  public var state: [(name: String, values: FlatVector<Scalar>)] {
    [("mean", means), ("mean_square", squares)]
  }

  /// Creates Adam for a number of weights; if `groups` is nil, all weights form one group.
  public init(
    count: Int, learningRate: Scalar, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-8, weightDecay: Double = 0, groups: [ParameterGroup]? = nil
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.groups = .checked(groups, count: count)
    means = FlatVector(repeating: 0, count: count)
    squares = FlatVector(repeating: 0, count: count)
  }

  /// Moves the weights of a group, or of a part of one.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func move(
    _ weights: FlatVector<Scalar>, _ gradients: FlatVector<Scalar>, _ part: ParameterGroup
  ) {
    let corrections = (
      1 - power(beta1, stepCount), (1 - power(beta2, stepCount)).squareRoot()
    )
    let root = Scalar(corrections.1)
    let (beta1, beta2) = (Scalar(beta1), Scalar(beta2))
    let (rest1, rest2) = (Scalar(1 - self.beta1), Scalar(1 - self.beta2))
    let epsilon = Scalar(epsilon)
    let (means, squares) = (means, squares)
    var theta = weights.mutableSpan(part.range)
    var m = means.mutableSpan(part.range)
    var v = squares.mutableSpan(part.range)
    let g = gradients.span(part.range)
    let rate = Double(learningRate) * part.rateFactor
    let size = Scalar(rate / corrections.0)
    let kept = Scalar(1 - rate * weightDecay)
    for i in theta.indices {
      let mean = beta1 * m[i] + rest1 * g[i]
      let square = beta2 * v[i] + rest2 * (g[i] * g[i])
      m[i] = mean
      v[i] = square
      theta[i] = kept * theta[i] - size * mean / (square.squareRoot() / root + epsilon)
    }
  }

  /// Returns `base` raised to an integer power, by repeated squaring.
  private func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}
